import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { allOptions } from '../../src/cli/common-options.ts'
import { readConfigFiles } from '../../src/cli/config-files.ts'
import { findSettings } from '../../src/cli/settings.ts'
import { temporaryFolder } from '../fakes/folder.ts'
import { sample } from './fakes/sample-command.ts'

let root: string
beforeEach(() => {
  root = temporaryFolder()
})

function write(path: string, ...lines: string[]): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

function find(environment: NodeJS.ProcessEnv = {}, more: { dataset?: string; named?: string } = {}) {
  const files = readConfigFiles({ named: more.named, environment: { HOME: join(root, 'home'), ...environment }, root })
  const found = findSettings(allOptions(sample), { environment, files, dataset: more.dataset })
  return Object.fromEntries(
    [...found].map(([name, { value, origin }]) => [name, `${value} from ${origin.replace(root, '')}`]),
  )
}

describe('the order of settings', () => {
  // Each row takes away what won in the row before.
  it('is our variable, z3’s variable, the dataset’s section, [main], and the user’s file before the system’s before z3’s', () => {
    const environment = { ZPIPES_BUCKET: 'env', BUCKET: 'z3env' }
    write('home/.config/zpipes.conf', '[main]', 'bucket = user', '[fs:tank/home]', 'bucket = user-fs')
    write('etc/zpipes.conf', '[main]', 'bucket = system', '[fs:tank/home]', 'bucket = system-fs')
    write('etc/z3_backup/z3.conf', '[main]', 'BUCKET=z3', 'NONSENSE=1', '[fs:tank/home]', 'BUCKET=z3-fs')
    const dataset = { dataset: 'tank/home' }
    expect(find(environment, dataset)['bucket']).toBe('env from ZPIPES_BUCKET')
    expect(find({ BUCKET: 'z3env' }, dataset)['bucket']).toBe('z3env from BUCKET')
    expect(find({}, dataset)['bucket']).toBe('user-fs from /home/.config/zpipes.conf:4: BUCKET')
    write('home/.config/zpipes.conf', '[main]', 'bucket = user')
    expect(find({}, dataset)['bucket']).toBe('system-fs from /etc/zpipes.conf:4: BUCKET')
    write('etc/zpipes.conf', '[main]', 'bucket = system')
    expect(find({}, dataset)['bucket']).toBe('z3-fs from /etc/z3_backup/z3.conf:5: BUCKET')
    expect(find({}, { dataset: 'tank/other' })['bucket']).toBe('user from /home/.config/zpipes.conf:2: BUCKET')
    write('home/.config/zpipes.conf')
    expect(find()['bucket']).toBe('system from /etc/zpipes.conf:2: BUCKET')
    write('etc/zpipes.conf')
    expect(find()['bucket']).toBe('z3 from /etc/z3_backup/z3.conf:2: BUCKET')
    write('etc/z3_backup/z3.conf')
    expect(find()).toEqual({})
  })

  it('takes a raw variable only where z3 reads it, under the names that z3 has for it', () => {
    expect(
      find({ CONCURRENCY: '8', ZPIPES_CHUNK_SIZE: '', CHUNK_SIZE: '1M', Z3_FORMAT: 'zfs', COMPRESSOR: 'x' }),
    ).toEqual({
      size: '1M from CHUNK_SIZE',
      format: 'zfs from Z3_FORMAT',
    })
    expect(find({ ZPIPES_CONCURRENCY: '8' })).toEqual({ count: '8 from ZPIPES_CONCURRENCY' })
  })

  it('looks in XDG_CONFIG_HOME instead of ~/.config', () => {
    write('xdg/zpipes.conf', '[main]', 'bucket = xdg')
    write('home/.config/zpipes.conf', '[main]', 'bucket = home')
    expect(find({ XDG_CONFIG_HOME: join(root, 'xdg') })['bucket']).toBe('xdg from /xdg/zpipes.conf:2: BUCKET')
  })

  it('reads no other file where one is named', () => {
    write('etc/zpipes.conf', '[main]', 'bucket = system', 'concurrency = 2')
    const named = write('mine', '[main]', 'bucket = mine')
    expect(find({}, { named })).toEqual({ bucket: 'mine from /mine:2: BUCKET' })
    expect(find({}, { named: '/dev/null' })).toEqual({})
  })

  it.each(['etc/zfs3backup_backup/zfs3backup.conf', 'etc/zfs3backup/zfs3backup.conf'])('knows %s', (path) => {
    write(path, '[main]', 'BUCKET=fork')
    expect(find()['bucket']).toBe(`fork from /${path}:2: BUCKET`)
    write('etc/z3_backup/z3.conf', '[main]', 'S3_SECRET=x')
    expect(find()).toEqual({ secret: 'x from /etc/z3_backup/z3.conf:2: S3_SECRET' })
  })
})

describe('a wrong configuration', () => {
  const failure = (message: string) =>
    expect.objectContaining({ kind: 'configuration', message: expect.stringContaining(message) })

  it.each([
    [['[main]', 'bukket = x'], ':2: unknown setting BUKKET'],
    [['[fs:tank]', 'bukket = x'], ':2: unknown setting BUKKET'],
    [['[mian]', 'bucket = x'], ': unknown section [mian]'],
    [['[main]', 'bucket'], ":2: 'bucket' is neither"],
  ])('%j names the line', (lines, message) => {
    const file = write('etc/zpipes.conf', ...lines)
    expect(() => find()).toThrow(failure(file + message))
  })

  it('a named file that is not there, or not readable', () => {
    expect(() => find({}, { named: join(root, 'none') })).toThrow(failure('none: no such configuration file'))
    expect(() => find({}, { named: root })).toThrow(failure('cannot be read (EISDIR)'))
  })

  it('bad syntax in z3’s file is one, unknown names in it are none', () => {
    write('etc/z3_backup/z3.conf', '[main]', 'nonsense')
    expect(() => find()).toThrow(failure("/etc/z3_backup/z3.conf:2: 'nonsense'"))
    write('etc/z3_backup/z3.conf', '[main]', 'KEEP_NUM_FULL_SNAPSHOTS = 2', 'WHATEVER = 1', '[other]')
    expect(find()).toEqual({})
  })

  it('z3’s file that only root may read is passed over', (context) => {
    if (process.getuid?.() === 0) context.skip('root may read every file')
    chmodSync(write('etc/z3_backup/z3.conf', '[main]', 'BUCKET=x'), 0)
    expect(find()).toEqual({})
  })
})
