import { beforeEach, expect, it, vi } from 'vitest'
import type { Failure } from '../../src/errors.ts'
import { Turns } from '../../src/stream/turns.ts'
import { Channel } from '../../src/sync/channel.ts'
import { encodeMessage, greeting } from '../../src/sync/frames.ts'
import { serveSender } from '../../src/sync/serve-sender.ts'
import { TransferCount } from '../../src/sync/transfer-count.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { inputOf } from '../fakes/inputs.ts'
import { answers, startedWords } from '../fakes/recorded-children.ts'

vi.mock('../../src/stream/child.ts', async (original) => {
  const { startChild } = await import('../fakes/recorded-children.ts')
  return { ...(await original<object>()), startChild }
})

const root = 'backup/data'
const guid = '0123456789abcdef'
const request = { type: 'receive', dataset: 'filesystem', into: 'buffer', to: { name: 'mon', guid } }
const usage = 'usage: [-LPcenvw] [-o property] [-x property] [-Fnsuv]'

/** The root, c and gone in their places; c has come into the buffer, with a snapshot. */
const inventory = [root, `${root}/c`, `${root}/gone`, `${root}.zfsyncbuffer`, `${root}.zfsyncbuffer/2F63`]
  .map((name) => `${name}\tfilesystem\t1\t1\t-\t-\t-\t-\n${name}@a\tsnapshot\t7\t2\t-\t-\t0\t-\n`)
  .join('')

let origins = ''
let absent: readonly string[] = []
let kept = ''
beforeEach(() => {
  startedWords.splice(0)
  origins = ''
  absent = []
  kept = ''
  answers.of = (argv) => {
    const found = wrong(argv)
    return found === undefined ? { stdout: answer(argv), stderr: '', status: 0 } : { stdout: '', ...found }
  }
})

function wrong([, verb, ...words]: readonly string[]) {
  const name = words.at(-1) ?? ''
  if (words.length === 0) return { stderr: usage, status: 2 }
  if (absent.includes(name)) return { stderr: `cannot open '${name}': dataset does not exist`, status: 1 }
  return verb === 'receive' && words.includes('-A') ? { stderr: 'nothing to abort', status: 1 } : undefined
}

function answer([, verb, ...words]: readonly string[]): string {
  const name = words.at(-1) ?? ''
  if (words.includes('name,origin')) return origins
  if (words.includes('zfsync:replica,guid')) return kept
  if (words.some((each) => each.startsWith('guid,'))) return `${name}@a\tguid\t7\n`
  if (words.includes('name')) return `${name}${words.includes('snapshot') ? '@a' : ''}\n`
  if (words.includes('zfsync:received')) return 'on\tlocal\n'
  if (words.includes('receive_resume_token')) return '-\n'
  return verb === 'list' ? inventory : ''
}

/** Reads messages as out of a file; resolves to what failed, and to what `zfs` was told to do with datasets. */
async function read(messages: readonly object[]) {
  const all = [{ type: 'hello', role: 'container' }, ...messages, { type: 'end', problems: [] }]
  const input = inputOf(Buffer.concat([greeting, ...all.map(encodeMessage)]))
  const nothing = async () => {}
  const failures: Failure[] = []
  await serveSender(new Channel({ input, write: nothing, finish: nothing, close: nothing }), {
    root,
    policy: { onDiverged: 'replace', onGone: 'destroy' },
    properties: { set: new Map(), refused: new Set() },
    holds: false,
    lock: { folder: temporaryFolder(), owner: { id: 'me-1', isGone: () => false } },
    count: new TransferCount(),
    signal: new AbortController().signal,
    stopping: new AbortController().signal,
    turns: new Turns(1),
    onReceived: () => {},
    onSkipped: () => {},
    onFailure: (failure) => failures.push(failure),
  })
  const begun = startedWords.findIndex(([, verb, ...words]) => verb === 'receive' && words.length === 0)
  const changes = startedWords.slice(begun).filter(([, verb = '']) => /rename|destroy|rollback/.test(verb))
  return { failures: failures.map(({ message }) => message), changes: changes.map((words) => words.join(' ')) }
}

// It ends before it has begun: what is announced never comes.
const cut = (path: string) => [
  { ...request, path },
  { type: 'abort', trouble: { kind: 'data', message: 'it is cut' } },
]
const [swap, gone] = [
  { type: 'swap', path: '/c' },
  { type: 'gone', path: '/gone' },
]

it('P5: what did not come whole replaces nothing, and nothing that is gone is removed', async () => {
  const { failures, changes } = await read([...cut('/c'), swap, gone])
  expect(failures).toEqual([
    'it is cut',
    'backup/data/c: is not replaced, because others failed',
    'nothing is removed, because others failed',
  ])
  expect(changes).toEqual([])
})

it('what has come takes its place although another failed, but nothing that is gone is removed', async () => {
  const { failures, changes } = await read([...cut('/x'), swap, gone])
  expect(failures).toEqual(['it is cut', 'nothing is removed, because others failed'])
  expect(changes.filter((words) => words.startsWith('zfs rename'))).toEqual([
    expect.stringMatching(/^zfs rename backup\/data\/c backup\/data\/c.diverged-\d{8}T\d{6}Z$/),
  ])
})

it('where all has come, what is gone is removed', async () => {
  const { failures, changes } = await read([gone])
  expect(failures).toEqual([])
  expect(changes).toContain('zfs destroy backup/data/gone')
})

it('what has a clone is kept, with all its snapshots', async () => {
  origins = 'backup\t-\nbackup/restored\tbackup/data/gone@a\n'
  expect(await read([gone])).toEqual({ failures: [], changes: [] })
})

it.each([
  { newestGuid: '0000000000000007', isRemoved: true },
  { newestGuid: '0000000000000006', isRemoved: false },
  { newestGuid: 'none', isRemoved: false },
])('P5: what is gone is removed only as the sender knew it: $newestGuid', async ({ newestGuid, isRemoved }) => {
  const { failures, changes } = await read([{ ...gone, newestGuid }])
  expect(failures).toEqual([])
  expect(changes.includes('zfs destroy backup/data/gone')).toBe(isRemoved)
})

it('what is discarded is received anew, though it was listed', async () => {
  const announced = { ...request, path: '/c', to: { name: 'a', guid: '0000000000000007' } }
  const { failures } = await read([{ type: 'discard', path: '/c' }, announced, { type: 'complete' }])
  // It is received, and not passed over; that it is no stream is another matter.
  expect(startedWords.filter(([, verb, ...words]) => verb === 'receive' && words.length > 0)).toHaveLength(1)
  expect(failures).toHaveLength(1)
})

it('what a first reading has done is done', async () => {
  absent = ['backup/data/from', 'backup/data.zfsyncbuffer/2F6E']
  const { failures, changes } = await read([
    { type: 'rename', from: '/from', path: '/c' },
    { type: 'clear', path: '/c', into: 'place' },
    { type: 'discard', path: '/n' },
  ])
  expect({ failures, changes }).toEqual({ failures: [], changes: [] })
})

it('P5: what is gone is not removed from a replica of another sender below', async () => {
  const below = { type: 'gone', path: '/gone/a/b' }
  const rows = (guid: string) => `backup/data/gone\tzfsync:replica\t01234567-7\nbackup/data/gone\tguid\t${guid}\n`
  kept = rows('7')
  expect(await read([below])).toEqual({ failures: [], changes: [] })
  const asked = ['backup/data/gone', 'backup/data/gone/a', 'backup/data/gone/a/b']
  expect(startedWords.find((words) => words.includes('zfsync:replica,guid'))?.slice(-3)).toEqual(asked)
  // It was inherited, or came with a stream.
  kept = rows('8')
  expect((await read([below])).changes).toContain('zfs destroy backup/data/gone/a/b')
})
