import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test as plain } from 'vitest'
import { sh } from '../fakes/programs.ts'
import { test } from '../zfs-host/pools.ts'

const root = join(import.meta.dirname, '../..')

plain('the package can be imported by its name', async () => {
  const script = `import { StreamJudge, Failure } from 'zpipes'
    const judge = new StreamJudge()
    judge.push(new TextEncoder().encode('no stream of ZFS'))
    console.log(judge.finish().kind, new Failure('data', 'x').kind)`
  expect(await sh(`node --input-type=module -e "${script}"`)).toEqual({ status: 0, stdout: 'bytes data\n', stderr: '' })
})

/** The pools of a test, in a folder from which the package can be imported. */
const make = `
  mkdir node_modules; ln -s '${root}' node_modules/zpipes
  run() { cat >example.mjs; node example.mjs; }
  zfs create $A/home
  head -c 300000 /dev/urandom >a/home/file; zfs snapshot $A/home@one
  head -c 200000 /dev/urandom >a/home/file2; zfs snapshot $A/home@two
`

/** A block of the README for these pools. */
function script(code: string): string {
  const named = code.replaceAll(/\btank\b/g, 'pool-a').replaceAll("'backup/", "'pool-b/")
  return `run <<'END'\n${named}\nEND\n`
}

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code)

test('the examples of the README', async ({ zfs }) => {
  expect(blocks).toHaveLength(4)
  const ended = await zfs.script(`${make}
    ${blocks.map(script).join('')}
    cmp a/home/file b/home/file; cmp a/home/file2 b/home/file2; cmp a/home/file b/secret/file
    [ ! -e b/secret/file2 ]`)
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const [one, two, bytes] = ended.stdout.split('\n')
  expect(one).toMatch(/^pool-a\/home@one [0-9a-f]{16} \d+$/)
  expect(two).toMatch(/^pool-a\/home@two [0-9a-f]{16} \d+$/)
  expect(bytes).toMatch(/^2\d{5} bytes$/)
})

test('snapshots: held, cloned, later and other ones are safe', async ({ zfs }) => {
  const ended = await zfs.script(`${make}
    zfs hold keep $A/home@one
    zfs clone $A/home@two $A/clone
    ${script(`
      import { destroySnapshot, findSnapshot, rollback, takeSnapshot } from 'zpipes'
      const refused = (work) => work.then(() => console.log('done'), ({ kind, message }) => console.log(kind, message.split('\\n')[0]))
      const one = await findSnapshot({ name: 'tank/home@one' })
      await refused(destroySnapshot(one))
      await refused(destroySnapshot(await findSnapshot({ name: 'tank/home@two' })))
      await refused(destroySnapshot({ ...one, guid: '0123456789abcdef' }))
      await refused(rollback(one))
      await refused(takeSnapshot('tank/home@one'))
      await refused(takeSnapshot('tank/none@one'))
      await refused(takeSnapshot('tank/home@%one'))
      await refused(findSnapshot({ name: 'tank/home@three' }))`)}
    zfs list -H -t snapshot -o name`)
  expect(ended.status).toBe(0)
  const lines = ended.stdout.trim().split('\n')
  expect(lines.slice(-2)).toEqual(['pool-a/home@one', 'pool-a/home@two'])
  expect(lines.slice(0, -2)).toEqual([
    expect.stringMatching(/^exists pool-a\/home@one: is held by/),
    'exists pool-a/home@two: is the origin of pool-a/clone',
    expect.stringMatching(
      /^unavailable pool-a\/home@one: is another snapshot now: its guid is \w{16}, 0123456789abcdef /,
    ),
    'exists pool-a/home@one: pool-a/home@two is later',
    expect.stringMatching(/^exists .*already exists/),
    expect.stringMatching(/^unavailable .*does not exist/),
    expect.stringMatching(/^usage 'pool-a\/home@%one' is a range/),
    'unavailable pool-a/home@three: there is no such snapshot',
  ])
})

test('a stream that is cut on its way, a zfs send that fails, a hook that throws: nothing is received', async ({
  zfs,
}) => {
  const ended = await zfs.script(`${make}
    ${script(`
      import { Readable, Transform } from 'node:stream'
      import { findSnapshot, receiveDelta, sendDelta } from 'zpipes'
      const refused = (work) => work.then(() => console.log('done'), ({ kind, message }) => console.log(kind ?? 'thrown', message.split('\\n')[0]))
      const one = await findSnapshot({ name: 'tank/home@one' })
      async function* cut(pieces) {
        let left = 100_000
        for await (const piece of pieces) {
          yield piece.subarray(0, left)
          left = Math.max(0, left - piece.length)
        }
      }
      const broken = new Transform({ transform: (piece, _, done) => done(new Error('no')) })
      await refused(receiveDelta('backup/a', sendDelta(one, { through: [cut] })))
      await refused(receiveDelta('backup/a', sendDelta(one), { through: [cut] }))
      await refused(receiveDelta('backup/a', sendDelta(one, { through: [broken] })))
      await refused(receiveDelta('backup/a', sendDelta({ ...one, name: 'tank/home@none' })))
      await refused(receiveDelta('backup/a', sendDelta({ ...one, guid: '0123456789abcdef' })))
      await refused(receiveDelta('backup/a', Readable.from([])))
      await refused(receiveDelta('backup/none/a', sendDelta(one)))
      await refused(receiveDelta('-F', sendDelta(one)))
      sendDelta(one).destroy()`)}
    zfs list -H -o name`)
  expect(ended.status).toBe(0)
  expect(ended.stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^data the stream of pool-a\/home@one is truncated: it ends at byte 100000/),
    expect.stringMatching(/^data the stream of pool-a\/home@one is truncated: it ends at byte 100000/),
    'thrown no',
    expect.stringMatching(/^data zfs ended with status 1: .*does not exist/),
    expect.stringMatching(/^data pool-a\/home@one: its guid is \w{16}, 0123456789abcdef was meant/),
    expect.stringMatching(/^data /),
    expect.stringMatching(/^io zfs ended with status 1/),
    expect.stringMatching(/^usage '-F' is no name/),
    'pool-a',
    'pool-a/home',
    'pool-b',
  ])
})
