import { defineSuite } from '../cli/suite.ts'
import { backup } from './zsnap/backup.ts'
import { bookmark } from './zsnap/bookmark.ts'
import { check } from './zsnap/check.ts'
import { clean } from './zsnap/clean.ts'
import { create } from './zsnap/create.ts'
import { destroy } from './zsnap/destroy.ts'
import { hold } from './zsnap/hold.ts'
import { list } from './zsnap/list.ts'
import { prune } from './zsnap/prune.ts'
import { release } from './zsnap/release.ts'
import { report } from './zsnap/report.ts'
import { restore } from './zsnap/restore.ts'
import { rollback } from './zsnap/rollback.ts'
import { status } from './zsnap/status.ts'
import { verify } from './zsnap/verify.ts'

export const zsnap = defineSuite({
  name: 'zsnap',
  summary: 'snapshots, here and in a store',
  verbs: [
    list,
    create,
    hold,
    release,
    bookmark,
    destroy,
    rollback,
    prune,
    status,
    report,
    backup,
    restore,
    verify,
    clean,
    check,
  ],
})
