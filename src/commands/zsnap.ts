import { defineSuite } from '../cli/suite.ts'
import { check } from './zsnap/check.ts'
import { create } from './zsnap/create.ts'
import { prune } from './zsnap/prune.ts'

export const zsnap = defineSuite({
  name: 'zsnap',
  summary: 'snapshots, here and in a store',
  verbs: [create, prune, check],
})
