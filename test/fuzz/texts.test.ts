import { describe, expect, test } from 'vitest'
import { parseManifest } from '../../src/chunks/manifest.ts'
import { parseIni } from '../../src/cli/ini.ts'
import { parseBandwidth } from '../../src/cli/timetable.ts'
import { parseDuration, parseRate, parseSize } from '../../src/cli/units.ts'
import { parseHosts } from '../../src/copy/host.ts'
import { parsePlace } from '../../src/copy/place.ts'
import { Failure } from '../../src/errors.ts'
import { parseRecord } from '../../src/store/directory/record.ts'
import { decodeMetadata } from '../../src/store/s3/metadata-headers.ts'
import { parseSchedule } from '../../src/store/s3/part-schedule.ts'
import { parseHead } from '../../src/store/s3/response-head.ts'
import { parseObjectUrl } from '../../src/store/url.ts'
import { parseAddress } from '../../src/sync/address.ts'
import { parseAllowance } from '../../src/sync/certificate-names.ts'
import { parseReceiverMessage, parseSenderMessage } from '../../src/sync/parse-messages.ts'
import { parseTokenFacts } from '../../src/sync/token-facts.ts'
import { SeededRandom } from '../fakes/seeded-random.ts'

/** For longer: FUZZ_TEXTS=100000 npx vitest run --config=test/vitest.config.ts --project=faults test/fuzz/texts */
const cases = Number(process.env['FUZZ_TEXTS'] ?? 2000)
const seed = Number(process.env['FUZZ_SEED'] ?? 9)

const md5 = 'd41d8cd98f00b204e9800998ecf8427e'
const chunk = JSON.stringify({ chunk: 'xaa', size: 5, md5, sha256: md5 + md5 })
const record = {
  schema: 1,
  size: 5,
  checksums: { xxh64: '00' },
  metadata: { a: 'b' },
  published: '2026-11-21T00:00:00Z',
}
/** Everything that reads a text of somebody else, and texts that it understands. */
const parsers: Record<string, { parse: (text: string) => unknown; texts: readonly string[] }> = {
  'a manifest of chunks': {
    parse: (text) => parseManifest(text, 'files.manifest'),
    texts: [`{"manifest":1}\n${chunk}\n${JSON.stringify({ end: 'zfs', chunks: 1, size: 5 })}\n`],
  },
  'the record of an object': { parse: (text) => parseRecord(text, 'record'), texts: [JSON.stringify(record)] },
  'a configuration': {
    parse: (text) => parseIni(text, 'zpipes.conf'),
    texts: ['# c\n[main]\nSTORE = s3://b/p\n[fs:tank/home]\nKEEP=a;b\n'],
  },
  'metadata of an object in S3': {
    parse: (text) => decodeMetadata({ size: text, [text.slice(0, 20)]: text }),
    texts: ['a%20b%C3%A9', "utf-8''x", '=?UTF-8?B?w6k=?='],
  },
  'the head of an answer': {
    parse: parseHead,
    texts: ['HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nETag: "x"\r\nConnection: close'],
  },
  'a schedule of parts': { parse: parseSchedule, texts: ['1000x8388608,1000x16777216'] },
  'a URL': { parse: (text) => parseObjectUrl(text), texts: ['s3://bucket/key', 'file:///a/b', 'rclone:r:a/b'] },
  'what a sender says': {
    parse: parseSenderMessage,
    texts: [
      '{"type":"hello","role":"all"}',
      '{"type":"rename","from":"/a","path":"/b"}',
      '{"type":"end","problems":[]}',
    ],
  },
  'what a receiver says': {
    parse: parseReceiverMessage,
    texts: ['{"type":"ready"}', '{"type":"done","how":"x"}', '{"type":"settled","left":[]}'],
  },
  'a resume token': {
    parse: parseTokenFacts,
    texts: ['resume token contents:\nnvlist version: 0\n\tobject = 0x1\n\ttoguid = 0x12\n\ttoname = tank/a@b\n'],
  },
  'an address': { parse: parseAddress, texts: ['[::1]:8023', 'host:1', ':1337'] },
  'an allowance': { parse: (text) => parseAllowance(text, 'backup'), texts: ['host=backup/a'] },
  'a list of hosts': { parse: parseHosts, texts: ['a\nb # c\n\n'] },
  'a place of a tree': { parse: (text) => parsePlace(text, false), texts: ['/a/b/', 'host:/a', 'remote:bucket/a'] },
  'a size': { parse: parseSize, texts: ['64MiB'] },
  'a rate': { parse: parseRate, texts: ['10M'] },
  'a duration': { parse: parseDuration, texts: ['36h'] },
  'a timetable': { parse: parseBandwidth, texts: ['08:00,512K Fri-19:00,off'] },
}

const inserted = [
  '\0',
  '\n',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  '%',
  '%zz',
  '/',
  '..',
  ':',
  '=',
  ',',
  '-',
  ' ',
  '9'.repeat(30),
]
const more = ['é', '\ud800', '__proto__', 'null', 'true', '-1', '1e999', '\u202e', 'x'.repeat(5000)]
const words = [...inserted, ...more]

/** Cuts, doubles, removes and inserts. */
function damaged(text: string, random: SeededRandom): string {
  let result = text
  for (let times = 1 + random.below(4); times > 0; times--) {
    const [at, length] = [random.below(result.length + 1), random.below(12)]
    const [before, after] = [result.slice(0, at), result.slice(at)]
    const word = words[random.below(words.length)] ?? ''
    const ways = [before, before + word + after, before + after.slice(length), before + after.slice(0, length) + after]
    result = ways[random.below(ways.length)] ?? result
  }
  return result
}

describe('a damaged text is understood or refused, and breaks nothing', () => {
  test.each(Object.entries(parsers))('%s', (_, { parse, texts }) => {
    const random = new SeededRandom(seed)
    for (const text of texts) parse(text)
    for (let index = 0; index < cases; index++) {
      const text = damaged(texts[index % texts.length] ?? '', random)
      try {
        parse(text)
      } catch (error) {
        // As Node says it of an answer that is no HTTP: it is tried again.
        expect(
          error instanceof Failure || (error as { code?: string }).code === 'HPE_INVALID',
          JSON.stringify(text),
        ).toBeTruthy()
        expect((error as Failure).message.length, JSON.stringify(text)).toBeLessThan(20_000)
      }
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})
