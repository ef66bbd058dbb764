import { describe, expect, it } from 'vitest'
import { type BackupRequest, type BackupStep, planBackup } from '../../src/backup/backup-plan.ts'
import { backup, guidOf, snapshot, z3Backup } from './sample-backups.ts'

/** `full s1`, `s1 > s2`: what the plan sends. */
function plan(wishes: Partial<BackupRequest>): string[] {
  return planBackup({ ...defaults, ...wishes }).steps.map(inWords)
}

const defaults: BackupRequest = {
  dataset: 'tank/home',
  snapshots: [1, 2, 3].map((number) => snapshot(number)),
  bookmarks: [],
  isEligible: () => true,
  backups: [],
  flawOf: () => undefined,
  wanted: undefined,
  isFull: false,
  sendFlags: [],
}

function inWords({ snapshot: { name }, from, isReplacement }: BackupStep): string {
  const short = (text: string) => text.replace('tank/home', '')
  const source = from === undefined ? 'full ' : `${short(from.source.name)} > `
  return `${source}${short(name)}${isReplacement ? ' replaced' : ''}`
}

describe('planBackup', () => {
  it('makes the full of the oldest first, and then each increment', () => {
    expect(plan({})).toEqual(['full @s1', '@s1 > @s2', '@s2 > @s3'])
  })

  it('sends what the store lacks after its newest', () => {
    expect(plan({ backups: [backup(1)] })).toEqual(['@s1 > @s2', '@s2 > @s3'])
    expect(plan({ backups: [backup(1), backup(2, 1)] })).toEqual(['@s2 > @s3'])
  })

  it('sends nothing when all is there', () => {
    expect(plan({ backups: [backup(1), backup(3, 1)] })).toEqual([])
  })

  it('stops at a snapshot that is named', () => {
    expect(plan({ wanted: 'tank/home@s2' })).toEqual(['full @s1', '@s1 > @s2'])
    expect(() => plan({ wanted: 'tank/home@s9' })).toThrow('tank/home@s9: there is no such snapshot')
  })

  it('orders by transaction group, whatever the order of the list', () => {
    expect(plan({ snapshots: [snapshot(3), snapshot(1), snapshot(2)] })).toEqual(['full @s1', '@s1 > @s2', '@s2 > @s3'])
  })

  it('begins a new chain with --full, and with nothing else', () => {
    expect(plan({ isFull: true, backups: [backup(1), backup(2, 1)] })).toEqual(['full @s3'])
    expect(plan({ isFull: true, backups: [backup(3)] })).toEqual([])
    expect(plan({ isFull: true, backups: [backup(1), backup(3, 1)] })).toEqual(['full @s3 replaced'])
  })

  it('leaves out what is not eligible, but goes on from it', () => {
    const isEligible = ({ name }: { name: string }) => !name.endsWith('s2')
    expect(plan({ isEligible })).toEqual(['full @s1', '@s1 > @s3'])
    expect(plan({ isEligible, backups: [backup(1), backup(2, 1)] })).toEqual(['@s2 > @s3'])
    expect(plan({ isEligible, wanted: 'tank/home@s2' })).toEqual(['full @s1', '@s1 > @s2'])
  })

  it('says that there is nothing to back up', () => {
    expect(() => plan({ snapshots: [] })).toThrow(/^tank\/home: there is no snapshot to back up$/)
    expect(() => plan({ isEligible: () => false })).toThrow('none of its 3 begins with the prefix')
  })

  it("goes on from z3's, by name", () => {
    expect(plan({ backups: [z3Backup(1), z3Backup(2, 1)] })).toEqual(['@s2 > @s3'])
  })

  it('goes on from a bookmark whose snapshot is gone, under the name that the store has', () => {
    const bookmarks = [{ name: 'tank/home#mark', guid: guidOf(1), createTxg: 1 }]
    const request = { ...defaults, bookmarks, snapshots: [snapshot(2)], backups: [backup(1)] }
    expect(plan(request)).toEqual(['#mark > @s2'])
    expect(planBackup(request).steps[0]?.from?.parent).toBe('tank/home@s1')
  })

  it('prefers the snapshot to its bookmark, and takes none that is later', () => {
    const bookmarks = [1, 3].map((number) => ({
      name: `tank/home#b${number}`,
      guid: guidOf(number),
      createTxg: number,
    }))
    expect(plan({ bookmarks, backups: [backup(1), backup(3, 1)], wanted: 'tank/home@s2' })).toEqual(['@s1 > @s2'])
  })

  it('goes on from a renamed snapshot, by guid, naming it as the store does', () => {
    const request = { ...defaults, snapshots: [snapshot(1, 'tank/home@renamed'), snapshot(2)], backups: [backup(1)] }
    expect(plan(request)).toEqual(['@renamed > @s2'])
    expect(planBackup(request).steps[0]?.from?.parent).toBe('tank/home@s1')
  })

  it('does not take a snapshot for another that had its name', () => {
    const snapshots = [snapshot(1), snapshot(4, 'tank/home@s2'), snapshot(5)]
    const backups = [backup(1), backup(2, 1)]
    expect(() => plan({ snapshots, backups })).toThrow(
      `tank/home@s2 in the store is another snapshot: its guid is ${guidOf(2)}, here it is ${guidOf(4)}`,
    )
    const isEligible = ({ name }: { name: string }) => name !== 'tank/home@s2'
    expect(plan({ snapshots, backups, isEligible })).toEqual(['@s1 > @s5'])
    expect(() => plan({ snapshots, backups, isFull: true, wanted: 'tank/home@s2' })).toThrow('is another snapshot')
  })

  it("does not take a snapshot for another of z3's that had its name", () => {
    const later = { ...snapshot(2), creation: new Date(1_000_000) }
    const backups = [z3Backup(1), z3Backup(2, 1)]
    expect(() => plan({ snapshots: [snapshot(1), later], backups })).toThrow(
      'another snapshot: it was stored at 1970-01-01T00:00:02.000Z, and this one taken at 1970-01-01T00:16:40.000Z',
    )
    const isEligible = ({ name }: { name: string }) => name !== 'tank/home@s2'
    expect(plan({ snapshots: [snapshot(1), later, snapshot(3)], backups, isEligible })).toEqual(['@s1 > @s3'])
  })

  it('refuses to go on from a broken chain, unless with a full', () => {
    const backups = [backup(2, 1)]
    const flawOf = () => 'missing parent'
    expect(() => plan({ backups, flawOf })).toThrow(
      'tank/home@s2 is in the store, but cannot be restored: missing parent',
    )
    expect(() => plan({ backups: [backup(3, 2)], flawOf })).toThrow('tank/home@s3 is in the store, but')
    expect(plan({ backups, flawOf, isFull: true })).toEqual(['full @s3'])
    expect(plan({ backups: [backup(3, 2)], flawOf, isFull: true })).toEqual(['full @s3 replaced'])
    expect(plan({ backups: [backup(3)], flawOf, isFull: true })).toEqual(['full @s3 replaced'])
  })

  it('keeps a raw chain raw, and large blocks large', () => {
    const raw = [backup(1, undefined, { 'zfs-features': 'compressed,raw' })]
    expect(plan({ backups: raw, sendFlags: ['-w'] })).toEqual(['@s1 > @s2', '@s2 > @s3'])
    expect(() => plan({ backups: raw })).toThrow('raw, and cannot go on without -w')
    expect(plan({ backups: raw, isFull: true })).toEqual(['full @s3'])
    const asked = [backup(1, undefined, { 'send-flags': '-w -L' })]
    expect(() => plan({ backups: asked, sendFlags: ['-L'] })).toThrow('cannot go on without -w')
    expect(() => plan({ backups: [backup(1)], sendFlags: ['-w'] })).toThrow('cannot go on raw')
    const large = [backup(1, undefined, { 'zfs-features': 'large-blocks' })]
    expect(() => plan({ backups: large })).toThrow('cannot go on without -L')
    expect(plan({ backups: large, sendFlags: ['-L'], wanted: 'tank/home@s2' })).toEqual(['@s1 > @s2'])
  })
})
