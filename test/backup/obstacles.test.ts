import { describe, expect, it } from 'vitest'
import { lastStoredOf, obstacleTo, obstacleToBookmark, type Ties } from '../../src/backup/obstacles.ts'
import { backup, guidOf, snapshot, z3Backup } from './sample-backups.ts'

const none: Ties = { clones: new Map(), bookmarks: [], lastStored: undefined }
const snapshots = [1, 2, 3].map((number) => snapshot(number))

describe('the snapshot that the next backup goes on from', () => {
  it.each([
    ['the youngest that is stored', [backup(1), backup(2, 1)], 2],
    ['by age here, whatever was stored last', [backup(3), backup(1)], 3],
    ['by name, where z3 has stored it', [z3Backup(1), z3Backup(2, 1)], 2],
    ['none, if another is stored under the name', [{ ...backup(9), name: 'tank/home@s3' }], undefined],
    ['none, of an empty store', [], undefined],
  ] as const)('%s', (_, backups, number) => {
    expect(lastStoredOf(snapshots, backups)?.createTxg).toBe(number)
  })
})

describe('what speaks against destroying a snapshot', () => {
  it('nothing, if nobody needs it', async () => {
    expect(await obstacleTo(snapshot(1), { ...none, lastStored: guidOf(2) })).toBeUndefined()
  })

  it('its clones, and no word helps', async () => {
    const clones = new Map([['tank/home@s1', ['tank/a', 'tank/b']]])
    const obstacle = await obstacleTo(snapshot(1), { ...none, clones, lastStored: guidOf(1) })
    expect(obstacle?.failure).toMatchObject({
      kind: 'exists',
      message: 'tank/home@s1: is the origin of tank/a, tank/b',
    })
    expect(obstacle?.canForce).toBe(false)
  })

  it('that a store needs it, unless that is given up, or there is a bookmark of it', async () => {
    const ties = { ...none, lastStored: guidOf(1) }
    expect(await obstacleTo(snapshot(1), ties)).toMatchObject({ canForce: true, tags: [] })
    const mark = (number: number) => ({ name: 'tank/home#m', guid: guidOf(number), createTxg: number })
    expect(await obstacleTo(snapshot(1), { ...ties, bookmarks: [mark(2)] })).toMatchObject({ canForce: true })
    expect(await obstacleTo(snapshot(1), { ...ties, bookmarks: [mark(1)] })).toBeUndefined()
  })

  it("of a bookmark, that it is a backup's", () => {
    const mark = (name: string) => ({ name, guid: guidOf(1), createTxg: 1 })
    expect(obstacleToBookmark(mark('tank/home#zpipes-12345678-mon'))).toMatchObject({ canForce: true })
    const sync = obstacleToBookmark(mark('tank/home#zfsync-12345678-00000000000000ab'))
    expect(sync?.failure.message).toMatch(/ab: is what the next zfsync-send goes on from$/)
    expect(obstacleToBookmark(mark('tank/zpipes-1#mine'))).toBeUndefined()
  })
})
