import { describe, expect, test } from 'vitest'
import { PackageList } from '../../../src/zfs/send-stream/package-list.ts'
import { SeededRandom } from '../../fakes/seeded-random.ts'
import { type Pairs, packedList } from '../../fakes/xdr-list.ts'

const snapshot = (name: string, guid = '0000000000000000') => ({ name, guid, features: [], creationTime: 0 })

const dataset = (name: string, snaps: Pairs): Pairs => ({
  name,
  parentfromsnap: 0n,
  props: { 'org.test:note': 'x'.repeat(5000), quota: { value: 7n } },
  snaps,
  snapprops: { mon: { used: 'name' } },
})

const pairs: Pairs = {
  tosnap: 'mon',
  fss: {
    '0x1': dataset('tank/home', { sun: 1n, mon: 0xfedcba9876543210n }),
    '0x2': dataset('tank/home/ann', { mon: 2n }),
    '0x3': dataset('tank/home/new', { tue: 3n }),
    '0x4': dataset('tank/home/\u001b[2J', { mon: 4n, 'mon-2': 5n }),
  },
}

function read(list: Uint8Array, nextWords = () => list.length / 4): PackageList {
  const read = new PackageList(snapshot('tank/home@mon'))
  for (let at = 0; at < list.length; ) {
    const bytes = Math.min(4 * nextWords(), list.length - at)
    read.read(new DataView(list.buffer, list.byteOffset, list.length), at, bytes)
    at += bytes
  }
  return read
}

/** The names that are missed one after the other as each comes. */
function missed(list: PackageList, guids: readonly string[]): (string | undefined)[] {
  const names = [list.missing]
  for (const next of [
    snapshot('tank/home@mon', 'fedcba9876543210'),
    ...guids.map((guid) => snapshot('of@any', guid.padStart(16, '0'))),
  ]) {
    list.keep(next)
    names.push(list.missing)
  }
  return names
}

const all = ['tank/home@mon', 'tank/home/ann@mon', 'tank/home/?[2J@mon', undefined]
const ownAlone = ['tank/home@mon', undefined, undefined, undefined]

describe('the list of a package', () => {
  test('promises the snapshot that it is named after, in every dataset that has it', () => {
    expect(missed(read(packedList(pairs)), ['2', '4'])).toEqual(all)
  })

  test('comes in any pieces of whole words', () => {
    const random = new SeededRandom(61)
    expect(
      missed(
        read(packedList(pairs), () => 1),
        ['2', '4'],
      ),
    ).toEqual(all)
    for (let round = 0; round < 100; round++) {
      expect(
        missed(
          read(packedList(pairs), () => 1 + random.below(300)),
          ['2', '4'],
        ),
      ).toEqual(all)
    }
  })

  test.each<[string, (list: Buffer) => Buffer]>([
    ['is absent', () => Buffer.alloc(0)],
    ['has another encoding', (list) => Buffer.concat([Buffer.of(0), list.subarray(1)])],
    ['is cut in its first dataset', (list) => list.subarray(0, 300)],
    ['has a name of gigabytes', (list) => withWord(list, 20, 0xfffffff0)],
    ['has a pair that is longer than the list', (list) => withWord(list, 12, 0x7ffffff0)],
    ['has a pair that is shorter than its name', (list) => withWord(list, 12, 4)],
    ['has a pair of half a word', (list) => withWord(list, 12, 37)],
  ])('promises its own snapshot alone if it %s', (_, change) => {
    expect(missed(read(change(packedList(pairs))), ['2', '4'])).toEqual(ownAlone)
  })

  test('can be any garbage', () => {
    const random = new SeededRandom(62)
    for (let round = 0; round < 1000; round++) {
      const list = packedList(pairs)
      for (let change = random.below(5); change >= 0; change--) list[random.below(list.length)] = random.below(256)
      expect(read(list, () => 1 + random.below(2000)).missing).toBe('tank/home@mon')
    }
  })

  test('does not grow beyond bounds', () => {
    const fss = Object.fromEntries(
      Array.from({ length: 100_002 }, (_, index) => [`${index}`, { name: 'a', snaps: { mon: BigInt(index + 10) } }]),
    )
    expect(missed(read(packedList({ fss })), ['2', '4'])).toEqual(ownAlone)
  })
})

function withWord(list: Buffer, at: number, word: number): Buffer {
  list.writeUInt32BE(word, at)
  return list
}
