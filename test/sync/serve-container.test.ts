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
beforeEach(() => {
  startedWords.splice(0)
  origins = ''
  answers.of = ([, verb, ...words]) => {
    if (words.length === 0) return { stdout: '', stderr: usage, status: 2 }
    if (words.includes('name,origin')) return { stdout: origins, stderr: '', status: 0 }
    if (words.includes('name'))
      return { stdout: `${words.at(-1)}${words.includes('snapshot') ? '@a' : ''}\n`, stderr: '', status: 0 }
    if (words.includes('zfsync:received')) return { stdout: 'on\tlocal\n', stderr: '', status: 0 }
    return { stdout: verb === 'list' ? inventory : '', stderr: '', status: 0 }
  }
})

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
