import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../src/sync/address.ts'
import { requestFor, sendFlags, sendWords } from '../../src/sync/send-words.ts'
import { parseTokenFacts } from '../../src/sync/token-facts.ts'
import { parseAbilities } from '../../src/sync/zfs-abilities.ts'
import { dataset, guid, points } from './sample-trees.ts'

const openzfs = parseAbilities(
  'usage:\n\tsend [-DLPbcehnpsVvw] [-i|-I snapshot]\n\t     [-R [-X dataset[,dataset]...]]     <snapshot>\n',
  'usage:\n\treceive [-vMnsFhu] [-o <property>=<value>] ... [-x <property>] ...\n\t    <filesystem|volume|snapshot>\n',
)
const zfsFuse = parseAbilities(
  'usage:\n\tsend [-RDp] [-[iI] snapshot] <snapshot>\n',
  'usage:\n\treceive [-vnF] <filesystem>\n',
)

describe('abilities', () => {
  it('are what the usage says', () => {
    expect(openzfs).toEqual({ send: 'DLPbcehnpsVvw', canResume: true, canSetProperties: true })
    expect(zfsFuse).toEqual({ send: 'RDp', canResume: false, canSetProperties: false })
  })

  it('are used where both ends have them; an encrypted dataset is always raw', () => {
    expect(sendFlags(dataset('', [1]), openzfs, openzfs)).toEqual(['-L', '-c', '-e'])
    expect(sendFlags(dataset('', [1]), openzfs, zfsFuse)).toEqual([])
    expect(sendFlags(dataset('', [1], { isEncrypted: true }), openzfs, zfsFuse)).toEqual(['-w'])
  })
})

describe('words for zfs send', () => {
  const [s1, s2] = points(1, 2)
  const to = s2!
  it('name whole snapshots and bookmarks', () => {
    const step = { kind: 'increment', base: { kind: 'bookmark', point: s1! }, to, withIntermediates: false } as const
    expect(sendWords('tank/a b', step, ['-L'])).toEqual(['-L', '-i', 'tank/a b#s1', 'tank/a b@s2'])
    const all = { ...step, base: { kind: 'snapshot', point: s1! }, withIntermediates: true } as const
    expect(sendWords('tank', all, [])).toEqual(['-I', 'tank@s1', 'tank@s2'])
    expect(sendWords('tank', { kind: 'full', to }, ['-w'])).toEqual(['-w', 'tank@s2'])
    const resume = { kind: 'resume', token: '1-2-3-4', fromGuid: guid(1), to } as const
    expect(sendWords('tank', resume, ['-w'])).toEqual(['-t', '1-2-3-4'])
    expect(requestFor(dataset('/x', [1]), resume, 'place', () => 'was s1')).toMatchObject({
      path: '/x',
      into: 'place',
      fromGuid: guid(1),
      fromName: 'was s1',
    })
  })
})

it('a resume token tells its guids', () => {
  const said = 'resume token contents:\nnvlist version: 0\n\tobject = 0x8\n\ttoguid = 0x1ab\n\ttoname = tank@b\n'
  expect(parseTokenFacts(said)).toEqual({ toGuid: guid(0x1ab), fromGuid: undefined, isRaw: false })
  expect(parseTokenFacts(`${said}\tfromguid = 0xf\n`)).toEqual({
    toGuid: guid(0x1ab),
    fromGuid: guid(15),
    isRaw: false,
  })
  expect(parseTokenFacts(`${said}\trawok = 1\n`)).toMatchObject({ isRaw: true })
  expect(parseTokenFacts('cannot resume send: no such thing\n')).toBeUndefined()
})

it('addresses', () => {
  expect(parseAddress('host:8023')).toEqual({ host: 'host', port: 8023 })
  expect(parseAddress('[::1]:1')).toEqual({ host: '::1', port: 1 })
  expect(parseAddress(':0')).toEqual({ host: undefined, port: 0 })
  for (const text of ['host', '::1', '::1:80', 'a:b', 'h:65536', '']) {
    expect(() => parseAddress(text), text).toThrow(/is no address/)
  }
})
