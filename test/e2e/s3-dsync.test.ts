import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../fakes/folder.ts'
import { type Ended, sh } from '../fakes/programs.ts'
import { standInWithBucket } from '../fakes/s3-server/started.ts'

const tree = `
mkdir -p src/empty src/nested/deep/er && cd src
for i in 0 1 2 3 4 5 6 7; do head -c $((i * 10000)) /dev/urandom > "file $i"; done
printf y > "quo'te\\" \\$HOME"; printf z > .hidden; printf n > nested/deep/er/n
ln -s 'file 1' link; ln 'file 5' hard`

const lacksRclone = spawnSync('rclone', ['--version']).error !== undefined

/** A folder with a tree, and a bucket on a server that rclone reaches as `$REMOTE`. */
async function prepare() {
  const folder = temporaryFolder()
  const { name, environment, standIn } = await standInWithBucket()
  expect(await sh(tree, folder)).toMatchObject({ status: 0, stderr: '' })
  const endpoint = environment['AWS_ENDPOINT_URL']
  const REMOTE = `:s3,provider=Other,env_auth=true,force_path_style=true,endpoint='${endpoint}':${name}/there`
  const run = (commandLine: string): Promise<Ended> => sh(commandLine, folder, { ...environment, REMOTE })
  return { folder, run, standIn }
}

describe.skipIf(lacksRclone)('dsync to S3 (rclone)', () => {
  test('copies a tree that comes back the same, and tells what S3 cannot hold', async () => {
    const { folder, run } = await prepare()
    const { status, stdout, stderr } = await run('dsync --working-dir work -n 2 --verify checksum src "$REMOTE"')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(
      /^13 files and 4 folders found .*: 13 copied .*, 0 failed, 1 empty folders cannot be kept there\n12 files compared, all equal\n$/,
    )
    expect((await run('rclone -q copy --links "$REMOTE" back && rsync -rlcni --delete src/ back/')).stdout).toBe(
      'cd+++++++++ empty/\n',
    )
    expect(readdirSync(join(folder, 'work'))).toEqual([])
  })

  test('copies nothing twice, and deletes what the source has not', async () => {
    const { run } = await prepare()
    await run('dsync --working-dir work src "$REMOTE"')
    await run('rm "src/file 3" src/link; printf other > "src/file 4"')
    const { status, stdout } = await run('dsync --working-dir work --delete src "$REMOTE"')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^11 files .*: 1 copied \(5 B, .*, 10 unchanged, 0 vanished, 0 failed, 2 deleted/)
    expect((await run('rclone -q copy --links "$REMOTE" back && diff -r src back')).stdout).toBe('Only in src: empty\n')
  })

  test('looks at an object before and behind its copy, and makes no folders where there are none', async () => {
    const { run, standIn } = await prepare()
    await run('rm src/link')
    const { status, stdout } = await run('dsync --working-dir work -n 4 src "$REMOTE"')
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('12 copied') })
    const ofFiles = standIn.handled.filter(({ key }) => key.startsWith('there/')).map(({ operation }) => operation)
    expect(ofFiles.filter((operation) => operation === 'PutObject')).toHaveLength(12)
    expect(ofFiles.filter((operation) => operation === 'HeadObject')).toHaveLength(24)
    expect(standIn.handled.filter(({ operation }) => operation.startsWith('ListObjects'))).toEqual([])
  })
})
