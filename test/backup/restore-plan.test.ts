import { describe, expect, it } from 'vitest'
import type { Backup } from '../../src/backup/backup.ts'
import { planRestore, type RestoreRequest } from '../../src/backup/restore-plan.ts'
import { backup, snapshot, z3Backup } from './sample-backups.ts'

const chain = [backup(1), backup(2, 1), backup(3, 2)]
const nowhere = { dataset: 'pool/copy', exists: false, snapshots: [], bookmarks: [], below: [] }

function request(backups: readonly Backup[], wishes: Partial<RestoreRequest> = {}): RestoreRequest {
  const parentOf = ({ parent }: Backup) => backups.find(({ name }) => name === parent)
  const ownFlawOf = () => undefined
  return { wanted: 'tank/home@s3', backups, parentOf, ownFlawOf, target: nowhere, force: false, ...wishes }
}

function plan(backups: readonly Backup[], wishes?: Partial<RestoreRequest>): string[] {
  return planRestore(request(backups, wishes)).steps.map(({ name }) => name)
}

/** A target with the snapshots of these numbers. */
function holding(...numbers: readonly number[]) {
  const snapshots = numbers.map((number) => snapshot(number, `pool/copy@s${number}`))
  return { dataset: 'pool/copy', exists: true, snapshots, bookmarks: [], below: [] }
}

describe('planRestore', () => {
  it('fetches the chain, the full first, and says how much', () => {
    const { steps, bytes, destroyed } = planRestore(request(chain))
    expect(steps).toEqual(chain)
    expect({ bytes, destroyed }).toEqual({ bytes: 60, destroyed: [] })
  })

  it('fetches only what the target lacks', () => {
    expect(plan(chain, { target: holding(1) })).toEqual(['tank/home@s2', 'tank/home@s3'])
    expect(plan(chain, { target: holding(1, 2) })).toEqual(['tank/home@s3'])
    expect(plan(chain, { target: holding(1, 2, 3) })).toEqual([])
    expect(plan(chain, { target: holding(3, 4) })).toEqual([])
  })

  it('knows snapshots by guid: another of the same name is none', () => {
    const target = { ...holding(), snapshots: [snapshot(9, 'pool/copy@s3')] }
    expect(() => plan(chain, { target })).toThrow('pool/copy: exists, and has no snapshot in common with the backup')
  })

  it("knows z3's by name", () => {
    const backups = [z3Backup(1), z3Backup(2, 1), z3Backup(3, 2)]
    expect(plan(backups)).toEqual(['tank/home@s1', 'tank/home@s2', 'tank/home@s3'])
    expect(plan(backups, { target: holding(2) })).toEqual(['tank/home@s3'])
    const [other] = holding(3).snapshots.map((each) => ({ ...each, creation: new Date(1_000_000) }))
    const target = { ...holding(2), snapshots: [snapshot(2, 'pool/copy@s2'), other!] }
    expect(() => plan(backups, { target })).toThrow('pool/copy: has pool/copy@s3, later than pool/copy@s2')
  })

  it('refuses a chain with a gap, unless the target has what is missing', () => {
    const gap = [backup(1), backup(3, 2)]
    expect(() => plan(gap)).toThrow('tank/home@s3: its chain is broken: missing parent tank/home@s2')
    expect(() => plan([backup(2, 1), backup(3, 2)])).toThrow(
      'tank/home@s3: its chain is broken: missing parent tank/home@s1 of tank/home@s2',
    )
    expect(plan([backup(2, 1), backup(3, 2)], { target: holding(2) })).toEqual(['tank/home@s3'])
  })

  it('refuses a chain that goes in circles', () => {
    expect(() => plan([backup(2, 3), backup(3, 2)])).toThrow('its chain is broken: cycle detected')
  })

  it('says that there is no such backup', () => {
    expect(() => plan([backup(1)])).toThrow('tank/home@s3: there is no backup of it in the store')
  })

  it('does not take the place of a dataset unasked, and never of one with snapshots', () => {
    expect(() => plan(chain, { target: holding() })).toThrow('pool/copy: exists already, without snapshots')
    expect(plan(chain, { target: holding(), force: true })).toHaveLength(3)
    expect(() => plan(chain, { target: holding(7), force: true })).toThrow('has no snapshot in common')
  })

  it('lets no stream of several datasets take the place of those below', () => {
    const packages = [backup(1, undefined, { 'zfs-kind': 'package' }), backup(2, 1), backup(3, 2)]
    const target = { ...holding(), below: ['pool/copy/own'] }
    expect(() => plan(packages, { target, force: true })).toThrow('pool/copy/own: exists')
    expect(plan(packages, { target: holding(), force: true })).toHaveLength(3)
    expect(plan(chain, { target, force: true })).toHaveLength(3)
  })

  it('destroys later snapshots only by force, and names them', () => {
    const target = holding(1, 7, 8)
    expect(() => plan(chain, { target })).toThrow('has pool/copy@s8 and 1 before it, later than pool/copy@s1')
    const { base, destroyed } = planRestore(request(chain, { target, force: true }))
    expect(base?.name).toBe('pool/copy@s1')
    expect(destroyed.map(({ name }) => name)).toEqual(['pool/copy@s7', 'pool/copy@s8'])
  })

  it('destroys later bookmarks with them, and names them too', () => {
    const bookmarks = [1, 8].map((number) => ({ ...snapshot(number), name: `pool/copy#b${number}` }))
    const { destroyed } = planRestore(request(chain, { target: { ...holding(1, 7), bookmarks }, force: true }))
    expect(destroyed.map(({ name }) => name)).toEqual(['pool/copy@s7', 'pool/copy#b8'])
  })

  it('destroys nothing where a later snapshot is held', () => {
    const target = holding(1, 7, 8)
    const snapshots = target.snapshots.map((each) => ({ ...each, holdCount: each.createTxg === 7 ? 1 : 0 }))
    expect(() => plan(chain, { target: { ...target, snapshots }, force: true })).toThrow('pool/copy@s7: is held')
  })

  it('does not begin with what cannot be opened', () => {
    const flawed = { ...backup(2, 1), object: { ...backup(2, 1).object, flaw: 'is 1 bytes, 2 were stored' } }
    const backups = [backup(1), flawed, backup(3, 2)]
    expect(() => plan(backups)).toThrow('tank/home@s2: is 1 bytes, 2 were stored')
    expect(plan(backups, { target: holding(2) })).toEqual(['tank/home@s3'])
  })

  it('tries what was found bad, but destroys nothing for it', () => {
    const ownFlawOf = ({ name }: Backup) => (name.endsWith('s3') ? 'found bad: rotten' : undefined)
    expect(plan(chain, { ownFlawOf })).toHaveLength(3)
    expect(plan(chain, { ownFlawOf, target: holding(1), force: true })).toHaveLength(2)
    expect(() => plan(chain, { ownFlawOf, target: holding(1, 7), force: true })).toThrow('tank/home@s3: found bad')
    expect(() => plan(chain, { ownFlawOf, target: holding(), force: true })).toThrow('tank/home@s3: found bad')
  })
})
