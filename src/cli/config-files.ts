import { lstatSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../errors.ts'
import { type Ini, type IniEntry, parseIni } from './ini.ts'
import { isKnownSetting } from './setting-names.ts'

export interface ConfigFile {
  readonly path: string
  readonly sections: Ini
}

export const systemFile = '/etc/zpipes.conf'

export const z3Files = [
  '/etc/z3_backup/z3.conf',
  '/etc/zfs3backup_backup/zfs3backup.conf',
  '/etc/zfs3backup/zfs3backup.conf',
] as const

/** Where files are looked for; another root than '' is for tests. */
export interface ConfigPlaces {
  readonly named: string | undefined
  readonly environment: NodeJS.ProcessEnv
  readonly root?: string
}

/** The files that apply, the strongest first: the one named alone, or the user's, the system's and the first of z3's. */
export function readConfigFiles({ named, environment, root = '' }: ConfigPlaces): readonly ConfigFile[] {
  if (named !== undefined) return [readOwn(named) ?? fileMissing(named)]
  const home = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config')
  const own = [join(home, 'zpipes.conf'), join(root, systemFile)].map(readOwn)
  return [...own, readFirstForeign(root)].filter((file) => file !== undefined)
}

function readOwn(path: string): ConfigFile | undefined {
  const text = readIfThere(path)
  if (text === undefined) return undefined
  const sections = parseIni(text, path)
  for (const [section, entries] of sections) refuseUnknown(path, section, entries)
  return { path, sections }
}

function refuseUnknown(path: string, section: string, entries: readonly IniEntry[]): void {
  if (!/^(main|DEFAULT|fs:.+)$/.test(section)) {
    const hint = 'sections are [main] and [fs:DATASET]'
    throw new Failure('configuration', `${path}: unknown section [${section}]`, { hint })
  }
  const unknown = entries.find(({ key }) => !isKnownSetting(key))
  if (unknown === undefined) return
  throw new Failure('configuration', `${path}:${unknown.line}: unknown setting ${unknown.key}`)
}

function readFirstForeign(root: string): ConfigFile | undefined {
  for (const path of z3Files) {
    const file = readForeign(join(root, path))
    if (file !== undefined) return file
  }
  return undefined
}

/** z3's own file: what we don't know in it is no concern of ours, and perhaps only root may read it. */
function readForeign(path: string): ConfigFile | undefined {
  try {
    const text = readIfThere(path)
    return text === undefined ? undefined : { path, sections: parseIni(text, path) }
  } catch (error) {
    if ((error as Failure).cause !== undefined) return undefined
    throw error
  }
}

function readIfThere(path: string): string | undefined {
  try {
    // Until somebody writes to it, no signal would end us.
    if (lstatSync(path).isFIFO()) throw new Failure('configuration', `${path}: is a named pipe, and no file`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Failure) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new Failure('configuration', `${path}: cannot be read (${code})`, { cause: error })
  }
}

function fileMissing(path: string): never {
  throw new Failure('configuration', `${path}: no such configuration file`)
}
