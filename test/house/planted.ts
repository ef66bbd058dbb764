/** A file that breaks one rule, and how the reason begins that the linter must give. */
export interface Violation {
  readonly file: string
  readonly source: string
  readonly reason: string
}

const rooms = ['stream', 'snapshots', 'zfs', 'store', 'udp', 'copy', 'chunks', 'sync', 'backup'] as const
type Room = (typeof rooms)[number]

/** The drawing of the house, written a second time: what each room may import beside errors. */
const mayImport: Record<Room | 'cli', readonly Room[]> = {
  cli: [],
  stream: [],
  snapshots: ['stream'],
  zfs: ['stream'],
  store: ['stream'],
  udp: ['stream'],
  copy: ['stream'],
  chunks: ['store', 'stream'],
  sync: ['zfs', 'snapshots', 'stream'],
  backup: ['store', 'zfs', 'snapshots', 'stream'],
}

const importers = Object.keys(mayImport) as (Room | 'cli')[]

const reasonOf: Record<Room | 'cli', string> = {
  cli: 'cli imports errors alone: ',
  stream: 'stream imports errors alone: ',
  snapshots: 'zfs, store, udp, snapshots and copy import stream alone: ',
  zfs: 'zfs, store, udp, snapshots and copy import stream alone: ',
  store: 'zfs, store, udp, snapshots and copy import stream alone: ',
  udp: 'zfs, store, udp, snapshots and copy import stream alone: ',
  copy: 'zfs, store, udp, snapshots and copy import stream alone: ',
  chunks: 'chunks imports store and stream alone: ',
  sync: 'sync imports zfs, snapshots and stream alone: ',
  backup: 'backup imports store, zfs, snapshots and stream alone: ',
}

const wrongRooms: Violation[] = importers.flatMap((importer) =>
  rooms
    .filter((room) => room !== importer && !mayImport[importer].includes(room))
    .map((room) => ({
      file: `src/${importer}/to-${room}.ts`,
      source: `import { thing } from '../${room}/thing.ts'\n\nexport const own = thing\n`,
      reason: reasonOf[importer],
    })),
)

const outOfRooms: Violation[] = rooms.flatMap((room) => [
  {
    file: `src/${room}/inner/to-cli.ts`,
    source: `import type { Thing } from '../../cli/thing.ts'\n\nexport type Own = Thing\n`,
    reason: 'no room imports cli: ',
  },
  {
    file: `src/${room}/to-commands.ts`,
    source: `export async function load() {\n  return await import('../commands/thing.ts')\n}\n`,
    reason: 'no room imports commands or library: ',
  },
])

const foreign: readonly { name: string; owner: string; reason: string }[] = [
  { name: 'yargs', owner: 'src/cli/thing.ts', reason: 'yargs belongs to src/cli: ' },
  { name: 'yargs/helpers', owner: 'src/cli/thing.ts', reason: 'yargs belongs to src/cli: ' },
  { name: '@aws-sdk/client-s3', owner: 'src/store/s3/thing.ts', reason: 'the AWS SDK belongs to src/store/s3: ' },
  {
    name: '@smithy/node-http-handler',
    owner: 'src/store/s3/thing.ts',
    reason: 'the AWS SDK belongs to src/store/s3: ',
  },
  { name: 'dgram-stream', owner: 'src/udp/thing.ts', reason: 'datagrams belong to src/udp: ' },
  { name: 'node:dgram', owner: 'src/udp/thing.ts', reason: 'datagrams belong to src/udp: ' },
  { name: 'split2', owner: 'src/stream/lines.ts', reason: 'split2 belongs to src/stream/lines: ' },
  {
    name: 'node:child_process',
    owner: 'src/stream/child.ts',
    reason: 'node:child_process belongs to src/stream/child.ts: ',
  },
  {
    name: 'child_process',
    owner: 'src/stream/child.ts',
    reason: 'node:child_process belongs to src/stream/child.ts: ',
  },
  { name: 'koffi', owner: 'src/stream/thing.ts', reason: 'koffi belongs to src/stream and src/udp: ' },
  { name: 'hash-wasm', owner: 'src/stream/thing.ts', reason: 'hash-wasm belongs to src/stream: ' },
  { name: 'node:process', owner: 'src/cli/thing.ts', reason: 'process belongs to src/cli: ' },
]

const importForms: readonly ((name: string) => string)[] = [
  (name) => `import { thing } from '${name}'\n\nexport const own = thing\n`,
  (name) => `import type { Thing } from "${name}"\n\nexport type Own = Thing\n`,
  (name) => `export { thing } from '${name}'\n`,
  (name) => `export const load = () => import('${name}')\n`,
  (name) => `import * as thing from '${name}'\n\nexport const own = thing\n`,
]

const strangers: Violation[] = foreign.flatMap(({ name, reason }) =>
  importForms.map((form, index) => ({
    file: `src/snapshots/${fileNameOf(name)}-${index}.ts`,
    source: form(name),
    reason,
  })),
)

const single: readonly Violation[] = [
  {
    file: 'src/errors.ts',
    source: `import { thing } from './stream/thing.ts'\n\nexport const own = thing\n`,
    reason: 'errors imports nothing: ',
  },
  {
    file: 'src/commands/eager.ts',
    source: `import { openStore } from '../store/open-store.ts'\n\nexport const own = openStore\n`,
    reason: 'commands import rooms inside run(), ',
  },
  {
    file: 'src/commands/zsnap/eager.ts',
    source: `import { type Chain, chainOf } from '../../backup/chain.ts'\n\nexport const own: Chain = chainOf()\n`,
    reason: 'commands import rooms inside run(), ',
  },
  {
    file: 'src/stream/exits.ts',
    source: `export function stop() {\n  process.exit(1)\n}\n`,
    reason: 'process belongs to src/cli: ',
  },
  {
    file: 'src/commands/reads-environment.ts',
    source: `const { env } = process\n\nexport const home = env\n`,
    reason: 'process belongs to src/cli: ',
  },
  {
    file: 'src/store/default.ts',
    source: `export default function open() {\n  return 1\n}\n`,
    reason: 'lint/style/noDefaultExport',
  },
  {
    file: 'src/store/barrel.ts',
    source: `export { thing } from './thing.ts'\nexport { other } from './other.ts'\n`,
    reason: 'lint/performance/noBarrelFile',
  },
  {
    file: 'src/store/barrel-of-all.ts',
    source: `export * from './thing.ts'\n`,
    reason: 'lint/performance/noReExportAll',
  },
  {
    file: 'src/store/cycle-a.ts',
    source: `import { b } from './cycle-b.ts'\n\nexport const a = () => b\n`,
    reason: 'lint/suspicious/noImportCycles',
  },
  {
    file: 'src/store/cycle-b.ts',
    source: `import { a } from './cycle-a.ts'\n\nexport const b = () => a\n`,
    reason: 'lint/suspicious/noImportCycles',
  },
  {
    file: 'src/store/notKebab.ts',
    source: `export const own = 1\n`,
    reason: 'lint/style/useFilenamingConvention',
  },
  {
    file: 'src/store/unawaited.ts',
    source: `async function act() {\n  await null\n}\n\nexport function start() {\n  act()\n}\n`,
    reason: 'lint/nursery/noFloatingPromises',
  },
]

export const violations: readonly Violation[] = [...wrongRooms, ...outOfRooms, ...strangers, ...single]

const lawfulRooms = importers.flatMap((importer) =>
  mayImport[importer].map((room) => ({
    file: `src/${importer}/deep/lawful-${room}.ts`,
    source: `import { thing } from '../../${room}/thing.ts'\n\nexport const own = thing\n`,
  })),
)

const owners = foreign.map(({ name, owner }) => ({
  file: owner === 'src/stream/child.ts' ? owner : owner.replace('thing.ts', `lawful-${fileNameOf(name)}.ts`),
  source: `import { thing } from '${name.startsWith('child') ? `node:${name}` : name}'\n\nexport const own = thing\n`,
}))

/** Files that keep the rules and must pass, so that a rule which forbids all is noticed too. */
export const allowed: readonly { file: string; source: string }[] = [
  ...lawfulRooms,
  ...owners,
  {
    file: 'src/commands/lawful.ts',
    source: [
      `import { defineCommand } from '../cli/command.ts'`,
      `import { Failure } from '../errors.ts'`,
      `import type { Store } from '../store/store.ts'\n`,
      `export async function run(): Promise<Store> {`,
      `  const { openStore } = await import('../store/open-store.ts')`,
      `  if (defineCommand === undefined) throw new Failure('usage', 'none')`,
      `  return openStore()\n}\n`,
    ].join('\n'),
  },
  { file: 'src/library.ts', source: `export { Failure } from './errors.ts'\nexport { open } from './store/open.ts'\n` },
  { file: 'src/cli/status.ts', source: `export function end(status: number) {\n  process.exitCode = status\n}\n` },
]

function fileNameOf(packageName: string): string {
  return packageName.replace(/[^a-z0-9]+/g, '-').replace(/^-/, 'scope-')
}
