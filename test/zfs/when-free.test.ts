import { expect, it } from 'vitest'
import { runZfsWhenFree } from '../../src/zfs/when-free.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

/** A `zfs` that says this the first two times. */
function refuseTwice(words: string): void {
  putZfsInPath(`echo x >>calls; [ $(wc -l <calls) -gt 2 ] || { echo "${words}" >&2; exit 1; }; echo done`)
}

it('is told again what is busy, and nothing else', async () => {
  refuseTwice("cannot destroy 'tank/x': dataset is busy")
  expect(await runZfsWhenFree('destroy', 'tank/x')).toBe('done\n')
  refuseTwice("cannot destroy 'tank/x': permission denied")
  await expect(runZfsWhenFree('destroy', 'tank/x')).rejects.toMatchObject({ kind: 'permission' })
})
