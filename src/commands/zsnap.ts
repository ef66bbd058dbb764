import { defineSuite } from '../cli/suite.ts'
import { backup } from './zsnap/backup.ts'
import { check } from './zsnap/check.ts'
import { create } from './zsnap/create.ts'
import { prune } from './zsnap/prune.ts'
import { restore } from './zsnap/restore.ts'

export const zsnap = defineSuite({
  name: 'zsnap',
  summary: 'snapshots, here and in a store',
  verbs: [create, prune, backup, restore, check],
})
