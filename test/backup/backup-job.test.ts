import { expect, it } from 'vitest'
import { type BackupJob, backupPipeline } from '../../src/backup/backup-job.ts'
import { protectionCommands, protectionTag } from '../../src/backup/protection.ts'
import { stagesFor } from '../../src/backup/stages.ts'
import { snapshot } from './sample-backups.ts'

const stages = stagesFor({ compressor: 'none', gpgRecipient: '', encrypt: [], through: ["tr a 'b c'"] })
const job: BackupJob = {
  step: {
    snapshot: snapshot(2, "tank/o'home dir@s2"),
    from: { source: snapshot(1, "tank/o'home dir@s1"), parent: "tank/o'home dir@s1" },
    isReplacement: false,
  },
  key: "tank/o'home dir@s2",
  send: ['zfs', 'send', '-i', "tank/o'home dir@s1", "tank/o'home dir@s2"],
  stages,
  metadata: { parent: "tank/o'home dir@s1" },
  estimatedBytes: 1,
}

it('quotes what a shell would take apart', () => {
  expect(backupPipeline(job, 'file:///b/key', ['--memory=1'])).toBe(
    [
      String.raw`zfs send -i 'tank/o'\''home dir@s1' 'tank/o'\''home dir@s2' | `,
      String.raw`pput --memory=1 --format=zfs '--through=tr a '\''b c'\''' '--metadata=parent=tank/o'\''home dir@s1' file:///b/key`,
    ].join(''),
  )
})

it('holds what is stored, and releases what was its base', () => {
  const tag = protectionTag('file:///backup')
  expect(tag).toMatch(/^zpipes-[0-9a-f]{8}$/)
  expect(protectionTag('file:///other')).not.toBe(tag)
  const local = { snapshots: [], bookmarks: [] }
  expect(protectionCommands('none', 'file:///backup', job, local)).toEqual([])
  expect(protectionCommands('hold', 'file:///backup', job, local)).toEqual([
    String.raw`zfs hold ${tag} 'tank/o'\''home dir@s2'`,
    String.raw`zfs release ${tag} 'tank/o'\''home dir@s1' 2>/dev/null || :`,
  ])
  expect(protectionCommands('bookmark', 'file:///backup', job, local)).toEqual([
    String.raw`zfs bookmark 'tank/o'\''home dir@s2' 'tank/o'\''home dir#${tag}-s2'`,
  ])
})

it('bookmarks by the guid where the name is too long, or that of one before; and holds where both are', () => {
  const tag = protectionTag('file:///backup')
  const commands = (dataset: string, name: string, marked: readonly string[] = []) => {
    const step = { snapshot: snapshot(2, `${dataset}@${name}`), from: undefined, isReplacement: false }
    const bookmarks = marked.map((mark) => ({ ...snapshot(1), name: `${dataset}#${tag}-${mark}` }))
    return protectionCommands('bookmark', 'file:///backup', { ...job, step }, { snapshots: [], bookmarks })[0]
  }
  const byGuid = `#${tag}-0000000000000002`
  expect(commands('tank', 's', ['s1'])).toBe(`zfs bookmark tank@s 'tank#${tag}-s'`)
  expect(commands('tank', 's', ['s'])).toBe(`zfs bookmark tank@s 'tank${byGuid}'`)
  const [name, long] = ['n'.repeat(245), `tank/${'d'.repeat(220)}`]
  expect(commands('tank', name)).toBe(`zfs bookmark tank@${name} 'tank${byGuid}'`)
  expect(commands(long, 's'.repeat(20))).toBe(`zfs hold ${tag} ${long}@${'s'.repeat(20)}`)
})
