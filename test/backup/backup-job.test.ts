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
  expect(protectionCommands('none', 'file:///backup', job)).toEqual([])
  expect(protectionCommands('hold', 'file:///backup', job)).toEqual([
    String.raw`zfs hold ${tag} 'tank/o'\''home dir@s2'`,
    String.raw`zfs release ${tag} 'tank/o'\''home dir@s1' 2>/dev/null || :`,
  ])
  expect(protectionCommands('bookmark', 'file:///backup', job)).toEqual([
    String.raw`zfs bookmark 'tank/o'\''home dir@s2' 'tank/o'\''home dir#${tag}-s2'`,
  ])
})
