import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renameDataset } from '../../src/zfs/rename-dataset.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

/** A `zfs` with tank/a and tank/a/b mounted, that renames nothing before both are unmounted. `busy`: nor then. */
function zfs(busy = ''): { calls(): readonly string[] } {
  const folder = putZfsInPath(`echo "$@" >>calls
    case $1 in
    list) printf 'tank/a\\tyes\\ntank/a/b\\tyes\\ntank/a/c\\tno\\n' ;;
    rename) [ -z '${busy}' ] && grep -q 'unmount tank/a$' calls || { echo "cannot rename '$2': ${busy || 'dataset is busy'}" >&2; exit 1; }
    esac`)
  return { calls: () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') }
}

it('unmounts what is busy as long as it is mounted, children first, and mounts it under its new name', async () => {
  const { calls } = zfs()
  await renameDataset('tank/a', 'tank/new')
  expect(calls()).toEqual([
    'rename tank/a tank/new',
    'list -H -r -t filesystem -o name,mounted tank/a',
    'unmount tank/a/b',
    'unmount tank/a',
    'rename tank/a tank/new',
    'mount tank/new',
    'mount tank/new/b',
  ])
})

it('unmounts nothing for another reason', async () => {
  const { calls } = zfs('permission denied')
  await expect(renameDataset('tank/a', 'tank/new')).rejects.toMatchObject({ kind: 'permission' })
  expect(calls()).toEqual(['rename tank/a tank/new'])
})
