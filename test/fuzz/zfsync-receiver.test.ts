import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { Failure } from '../../src/errors.ts'
import { Turns } from '../../src/stream/turns.ts'
import { Channel } from '../../src/sync/channel.ts'
import { dataHeader, encodeMessage, FrameReader, greeting, mostRequestBytes } from '../../src/sync/frames.ts'
import { parseReceiverMessage } from '../../src/sync/parse-messages.ts'
import { diverged, gone } from '../../src/sync/policy.ts'
import { serveSender } from '../../src/sync/serve-sender.ts'
import { TransferCount } from '../../src/sync/transfer-count.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { answers, startedWords } from '../fakes/recorded-children.ts'
import { bytesOf, recordedStreams, whyNoStreams } from '../fakes/recorded-streams.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'

vi.mock('../../src/stream/child.ts', async (original) => {
  const { startChild } = await import('../fakes/recorded-children.ts')
  return { ...(await original<object>()), startChild }
})

/** For longer: ZFSYNC_FUZZ_CASES=100000 npx vitest run --config=test/vitest.config.ts --project=faults test/fuzz/zfsync */
const cases = Number(process.env['ZFSYNC_FUZZ_CASES'] ?? 3000)
const seed = Number(process.env['ZFSYNC_FUZZ_SEED'] ?? 6)

const root = 'backup/data'
const guid = '0123456789abcdef'
const evil: readonly unknown[] = [
  ...['', '/', '//', '..', '/..', '/../x', '/a/../../x', '/./x', '/a@b', '/a#b', '/a%b', '/a/', 'other', '/etc/passwd'],
  ...[
    '-F',
    '/-F',
    '/a -r',
    '/a\n/b',
    '/a\0',
    '/é',
    '/\u202e',
    `/${'x'.repeat(300)}`,
    'x'.repeat(70_000),
    '/$(reboot)',
    '/`id`',
  ],
  ...[
    '/a',
    '/a b/c',
    '/c:d',
    '/A',
    guid,
    '0x12',
    '0'.repeat(16),
    'filesystem',
    'volume',
    'all',
    'streams',
    'container',
  ],
  ...[
    'receive',
    'rename',
    'clear',
    'swap',
    'settle',
    'hold',
    'gone',
    'discard',
    'rollback',
    'abilities',
    'end',
    'hello',
    'complete',
    'abort',
    '__proto__',
    'constructor',
  ],
  ...[null, true, 0, -1, 1e300, [], {}, [[]], { path: '/a' }, [{ kind: 'io', message: '\u001b[2J', path: '/x' }]],
]
const spawned = /^(list|get|receive|rename|set|send|create|destroy|hold|holds|release|rollback|inherit)$/

test(`${cases} dialogues out of order, out of form and out of bounds`, { timeout: 3_600_000 }, async (context) => {
  if (whyNoStreams !== undefined) context.skip(whyNoStreams)
  const streams = recordedStreams.filter(({ manifest }) => Number(manifest?.['stream_bytes']) < 20_000).map(bytesOf)
  const folder = temporaryFolder()
  const ends = new Map<string, number>()
  for (let number = 0; number < cases; number++) {
    const random = new SeededRandom(seed * 1_000_003 + number)
    const end = await served(bytesOfDialogue(random, streams), random, join(folder, 'locks'))
    ends.set(end, (ends.get(end) ?? 0) + 1)
    for (const words of startedWords.splice(0)) expectConfined(words, number)
  }
  console.log(`fuzz: seed ${seed}, ${cases} dialogues: ${[...ends].map((each) => each.join(' ')).join(', ')}`)
  // Nothing was written but locks, and none is left.
  expect(readdirSync(folder)).toEqual(['locks'])
  expect(existsSync(join(folder, 'locks')) ? readdirSync(join(folder, 'locks')) : []).toEqual([])
  // It went deep enough to be a test.
  for (const kind of ['done', 'protocol', 'data', 'retry']) expect(ends.get(kind), kind).toBeGreaterThan(cases / 200)
})

const confined = /^backup\/data(\.zfsyncbuffer|\.(diverged|gone)-\d{8}T\d{6}Z)?(\/[\w.: -]+)*(@[\w.: ,-]+)?$/
// What a receiver says of itself: flags, lists of properties, values, a depth.
const ownWord = /^(-[A-Za-z]+|[a-z_,:]+(=[a-z]+)?|zfsync:place=\/.+|1)$/

/** Every dataset that `zfs` is told to touch is the root, below it or beside it; no other word comes from the network. */
function expectConfined([program, verb = '', ...words]: readonly string[], number: number): void {
  const isName = (word: string) => confined.test(word) && !/\/\.{1,2}([/@]|$)/.test(word) && word.length < 256
  const isUsage = words.length === 0 && (verb === 'send' || verb === 'receive')
  const last = words.at(-1) ?? ''
  const isFine = program === 'zfs' && spawned.test(verb) && words.every((word) => isName(word) || ownWord.test(word))
  if (!isUsage && !(isFine && isName(last)))
    throw new Error(`case ${number}: zfs was told: ${JSON.stringify([verb, ...words])}`)
}

/** How it ended: 'done', or the Failure's kind. Anything else is a crash. */
async function served(bytes: Uint8Array, random: SeededRandom, folder: string): Promise<string> {
  let at = 0
  const written: Uint8Array[] = []
  answers.of = (words) => answerOf(words, random)
  const input = {
    async fill(target: Uint8Array) {
      const piece = bytes.subarray(at, at + target.length)
      target.set(piece)
      at += piece.length
      return piece.length
    },
    close: async () => {},
  }
  const link = {
    input,
    write: async (frame: Uint8Array) => void written.push(Uint8Array.from(frame)),
    finish: async () => {},
    close: async () => {},
  }
  const channel = new Channel(link, { messageBytes: mostRequestBytes })
  const { signal } = new AbortController()
  const heard: Failure[] = []
  try {
    await serveSender(channel, {
      root,
      policy: { onDiverged: pick(random, diverged), onGone: pick(random, gone) },
      properties: { set: new Map(), refused: new Set() },
      holds: true,
      lock: { folder, owner: { id: 'me-1', isGone: () => false } },
      count: new TransferCount(),
      signal,
      stopping: signal,
      turns: new Turns(2),
      onReceived: () => {},
      onSkipped: () => {},
      onFailure: (failure) => heard.push(failure),
    })
    return heard[0]?.kind ?? 'done'
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.kind
  } finally {
    await channel.close()
    for (const { message } of heard) expect(message).not.toMatch(/\p{Cc}/u)
    await expectAnswers(Buffer.concat(written))
  }
}

/** What it answers is always a dialogue. */
async function expectAnswers(bytes: Uint8Array): Promise<void> {
  let at = 0
  const fill = async (target: Uint8Array) => {
    const piece = bytes.subarray(at, at + target.length)
    target.set(piece)
    at += piece.length
    return piece.length
  }
  const reader = new FrameReader({ fill, close: async () => {} })
  if (!(await reader.readGreeting())) return
  for (let frame = await reader.read(); frame !== undefined; frame = await reader.read()) {
    if (frame.kind === 'message') parseReceiverMessage(frame.text)
  }
}

function answerOf([, verb, ...words]: readonly string[], random: SeededRandom) {
  if (words.length === 0)
    return { stdout: '', stderr: 'usage: [-LPcenvw] [-o property] [-x property] [-Fnsuv]', status: 2 }
  const isRefused = random.below(6) === 0
  if (isRefused)
    return { stdout: '', stderr: `cannot do it: ${random.below(2) ? 'out of space' : 'exists'}`, status: 1 }
  const inventory = [root, `${root}/a`, `${root}.zfsyncbuffer`, `${root}.zfsyncbuffer/2F61`]
    .map((name) => `${name}\tfilesystem\t1\t1\t-\t-\t-\t-\n${name}@a\tsnapshot\t7\t2\t-\t-\t1\t-\n`)
    .join('')
  if (verb === 'get') {
    const values = ['guid\t7', 'createtxg\t2', 'userrefs\t0'].map((value) => `${words.at(-1)}@a\t${value}\n`)
    return { stdout: words.includes('zfsync:received') ? 'on\tlocal\n' : values.join(''), stderr: '', status: 0 }
  }
  return { stdout: verb === 'list' ? inventory : '', stderr: '', status: 0 }
}

/** A dialogue as a sender might hold it, changed in its order, in its fields and in its bytes. */
function bytesOfDialogue(random: SeededRandom, streams: readonly Uint8Array[]): Uint8Array {
  const frames: Uint8Array[] = [greeting]
  const say = (message: object) => frames.push(encodeMessage(changed(message, random) as object))
  if (random.below(30) > 0)
    say({ type: 'hello', role: pick(random, ['all', 'streams', 'container']), holdsLater: random.below(2) > 0 })
  for (let count = random.below(5); count > 0; count--) {
    const path = random.below(3) === 0 ? pick(random, evil) : pick(random, ['', '/a', '/a/b', '/c d'])
    const place = { path, into: pick(random, ['place', 'buffer']) }
    const requests = requestsAbout(place, random)
    const request = requests[random.below(2 * requests.length)]
    if (request === undefined) sayStream(place, pick(random, streams), random, frames, say)
    else say(request)
  }
  if (random.below(4) > 0)
    say({ type: 'end', problems: [{ path: '/a', kind: 'io', message: 'm' }].slice(random.below(2)) })
  if (random.below(12) === 0) frames.splice(random.below(frames.length), 1)
  if (random.below(12) === 0) frames.splice(random.below(frames.length), 0, pick(random, frames))
  return damaged(Buffer.concat(frames), random)
}

function requestsAbout(place: { path: unknown; into: string }, random: SeededRandom): readonly object[] {
  const { path } = place
  const newestGuid = pick(random, ['0000000000000007', guid])
  return [
    { type: 'abilities' },
    { type: 'rename', from: pick(random, ['/x', '', '/..']), path },
    { type: 'clear', ...place },
    { type: 'settle' },
    { type: 'hold' },
    { type: 'rollback', path, toGuid: '0000000000000007', newestGuid },
    ...['discard', 'swap', 'gone'].map((type) => ({ type, path })),
  ]
}

function sayStream(
  place: { readonly path: unknown; readonly into: unknown },
  stream: Uint8Array,
  random: SeededRandom,
  frames: Uint8Array[],
  say: (message: object) => void,
): void {
  const [toGuid, fromGuid] = guidsIn(stream)
  const isMeant = random.below(4) > 0
  const to = { name: 's1', guid: isMeant ? toGuid : guid }
  const from = fromGuid === undefined ? {} : { fromGuid, fromName: pick(random, ['s0', 'a b', '-r']) }
  say({ type: 'receive', ...place, dataset: 'filesystem', to, ...from })
  for (let at = 0; at < stream.length; at += 9000) {
    const piece = stream.subarray(at, at + 9000)
    frames.push(Buffer.concat([dataHeader(piece.length), piece]))
  }
  const end = random.below(8)
  if (end === 0) say({ type: 'abort', trouble: { kind: 'io', message: 'gone' } })
  else if (end > 1) say({ type: 'complete' })
}

/** toguid and fromguid of a BEGIN at the start, in the order of this machine. */
function guidsIn(stream: Uint8Array): readonly [string, string | undefined] {
  const view = new DataView(stream.buffer, stream.byteOffset)
  if (stream.length < 312) return [guid, undefined]
  const word = (at: number) => view.getBigUint64(at, true).toString(16).padStart(16, '0')
  return [word(40), word(48) === '0'.repeat(16) ? undefined : word(48)]
}

/** Some of a message's fields, or of those in them, are what they should not be. */
function changed(value: unknown, random: SeededRandom): unknown {
  if (random.below(40) === 0) return pick(random, evil)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => changed(each, random))
  const fields = Object.entries(value).map(([name, each]) => [name, changed(each, random)] as const)
  return Object.fromEntries(random.below(60) === 0 ? fields.slice(1) : fields)
}

function damaged(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const way = random.below(10)
  if (way > 2) return bytes
  const result = Uint8Array.from(bytes)
  if (way === 0) return result.subarray(0, random.below(result.length))
  for (let count = random.below(4); count >= 0; count--) result[random.below(result.length)] = random.below(256)
  return result
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)] as T
}
