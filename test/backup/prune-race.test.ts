import fc from 'fast-check'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { BackupJob } from '../../src/backup/backup-job.ts'
import { chainsOf } from '../../src/backup/chains.ts'
import { backupIn, listBackups } from '../../src/backup/list-backups.ts'
import { pruneBackups } from '../../src/backup/prune-backups.ts'
import { planPrune } from '../../src/backup/prune-plan.ts'
import { refuseLostParent, withdrawWithoutParent } from '../../src/backup/refuse-lost-parent.ts'
import { refuseUnderWay } from '../../src/backup/refuse-under-way.ts'
import { Failure } from '../../src/errors.ts'
import type { Store, StoredObject, UnfinishedUpload } from '../../src/store/store.ts'
import { guidOf, snapshot } from './sample-backups.ts'

const dataset = 'tank/home'

function objectOf(number: number, parent: number | undefined): StoredObject {
  const from = parent === undefined ? {} : { 'zfs-from-guid': guidOf(parent), parent: `${dataset}@s${parent}` }
  const metadata = { 'zfs-guid': guidOf(number), 'zfs-creation': String(number), ...from }
  return {
    key: `${dataset}@s${number}`,
    size: 1000,
    etag: `${number}`,
    checksums: {},
    metadata,
    published: new Date(0),
  }
}

/** A store that two machines use: each request takes its turn whenever it likes. */
function sharedStore(scheduler: fc.Scheduler, listsUploads: boolean) {
  const objects = new Map<string, StoredObject>()
  const uploads: UnfinishedUpload[] = []
  const request = <T>(name: string, work: () => T): Promise<T> => scheduler.schedule(Promise.resolve(), name).then(work)
  const store = {
    describe: (key: string) => request(`describe ${key}`, () => objects.get(key)),
    remove: (key: string) => request(`remove ${key}`, () => void objects.delete(key)),
    async *list(prefix: string) {
      yield* await request('list', () => [...objects.values()].filter(({ key }) => key.startsWith(prefix)))
    },
    async *unfinished() {
      yield* await request('unfinished', () => (listsUploads ? [...uploads] : []))
    },
  }
  return { objects, uploads, request, store: store as unknown as Store }
}

type Shared = ReturnType<typeof sharedStore>

/** One machine: an increment to whatever of its snapshots is stored last, as zsnap backup does. */
async function backUp({ objects, uploads, request, store }: Shared, number: number, local: readonly number[]) {
  const there = new Set((await listBackups(store, dataset)).map(({ guid }) => guid))
  const base = local.findLast((each) => there.has(guidOf(each)))
  const object = objectOf(number, base)
  const from = base === undefined ? undefined : { source: snapshot(base), parent: `${dataset}@s${base}` }
  const job = { key: object.key, step: { snapshot: snapshot(number), from, isReplacement: false } } as BackupJob
  const upload = { key: object.key, id: '', storedBytes: 0, lastWrite: new Date(), isOrphan: false, mayBeResumed: true }
  await request('begin', () => uploads.push(upload))
  await refuseLostParent(store, job)
  await request('publish', () => {
    uploads.pop()
    objects.set(object.key, object)
  })
  await withdrawWithoutParent(store, job, object)
}

/** Another machine: keeps what the policy says, as zsnap prune --store does. */
async function prune({ store }: Shared, kept: ReadonlySet<number>, onFailure: (error: unknown) => void) {
  const backups = await listBackups(store, dataset)
  const chains = chainsOf(backups)
  const { removed } = planPrune(backups, chains, ({ guid }) => kept.has(Number.parseInt(guid ?? '', 16)))
  await refuseUnderWay(store, dataset, new Date())
  const look = () => listBackups(store, dataset)
  const signal = new AbortController().signal
  const run = { signal, lookAtOwn: look, lookAtAll: look, onRemoved: () => {}, onFailure }
  await pruneBackups(store, removed, { backups, ...chains }, run)
}

it('a parent of its name that is another snapshot is none; one without a guid, as z3 stores it, is taken by its name', async () => {
  const from: BackupJob['step']['from'] = { source: snapshot(1), parent: `${dataset}@s1` }
  const job = { key: `${dataset}@s2`, step: { snapshot: snapshot(2), from, isReplacement: false } } as BackupJob
  const storing = (metadata: StoredObject['metadata']) =>
    ({ describe: async () => ({ ...objectOf(1, undefined), metadata }) }) as unknown as Store
  await refuseLostParent(storing({ 'zfs-guid': guidOf(1) }), job)
  await refuseLostParent(storing({}), job)
  const other = refuseLostParent(storing({ 'zfs-guid': guidOf(7) }), job)
  await expect(other).rejects.toThrow(expect.objectContaining({ kind: 'retry' }))
})

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 5 }))

it('a store that takes long to list is listed seldom, and what is stored in the dataset is still seen within 2 s', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const backups = Array.from({ length: 41 }, (_, index) => backupIn(objectOf(index, undefined)))
  const looks = { own: [0], all: [0] }
  const take = (ms: number) => void vi.advanceTimersByTime(ms)
  const look = (at: number[], ms: number) => async () => {
    at.push(performance.now())
    take(ms)
    return backups
  }
  const store = { describe: async () => undefined, remove: async () => take(500) } as unknown as Store
  const [signal, quiet] = [new AbortController().signal, () => {}]
  const run = {
    signal,
    lookAtOwn: look(looks.own, 100),
    lookAtAll: look(looks.all, 5000),
    onRemoved: quiet,
    onFailure: quiet,
  }
  const began = performance.now()
  await pruneBackups(store, backups, { backups, ...chainsOf(backups) }, run)
  const took = performance.now() - began
  const gaps = looks.own.slice(2).map((at, index) => at - looks.own[index + 1]!)
  expect(looks.own.length).toBeGreaterThan(10)
  // 2 s, the removal that was under way, and a look at all.
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2000 + 1000 + 5000 + 100)
  expect((5000 * (looks.all.length - 1)) / took).toBeLessThan(0.4)
})

it('whatever two machines do at once, a backup that lost its parent is told of by one of them', async () => {
  let [lost, withdrawn, stayed] = [0, 0, 0]
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), numbers, numbers, fc.boolean(), async (scheduler, kept, local, listsUploads) => {
      const shared = sharedStore(scheduler, listsUploads)
      for (const [index, number] of [1, 2, 3, 4, 5].entries()) {
        const object = objectOf(number, index === 0 ? undefined : number - 1)
        shared.objects.set(object.key, object)
      }
      const failures: Failure[] = []
      const note = (error: unknown) => failures.push(error as Failure)
      const both = Promise.all([
        backUp(
          shared,
          9,
          local.toSorted((a, b) => a - b),
        ).catch(note),
        prune(shared, new Set(kept), note).catch(note),
      ])
      await scheduler.waitFor(both)
      for (const failure of failures) expect(failure).toBeInstanceOf(Failure)
      const left = [...shared.objects.values()].map(backupIn)
      const broken = left.filter(chainsOf(left).flawOf).map(({ name }) => name)
      const told = failures.filter(({ kind }) => kind === 'data').map(({ message }) => message.replace(/:.*/, ''))
      // One that its own machine has withdrawn may have been told of too.
      expect(told).toEqual(expect.arrayContaining(broken))
      for (const number of kept) expect(shared.objects.has(`${dataset}@s${number}`)).toBe(true)
      lost += broken.length
      withdrawn += failures.filter(({ message }) => /went from the store/.test(message)).length
      stayed += failures.filter(({ message }) => /needs it and is there still/.test(message)).length
    }),
    { numRuns: 1000 },
  )
  // All of it must have happened, or this would show nothing.
  for (const count of [lost, withdrawn, stayed]) expect(count).toBeGreaterThan(0)
})
