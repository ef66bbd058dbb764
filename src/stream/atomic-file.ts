import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../errors.ts'
import { aboutFile } from './about-file.ts'
import type { Output } from './output.ts'

/** A file that appears under its name only when it is whole. */
export interface AtomicFile extends Output {
  /** After `flush`: gives it its name, over a file that has it. */
  commit(): Promise<void>
  abandon(): Promise<void>
}

/** Who writes: its name is in that of the temporary file. */
export interface Writer {
  /** Of letters, digits and dashes. */
  readonly id: string
  /** True only if the program of this id, which may be known to have written so lately, is known to have ended. */
  isGone(id: string, lastWrite?: Date): boolean
}

/**
 * Opens a temporary file beside `path`, after removing those that killed writers of it have left. Over a file, it may be
 * read by whom that may be read by. A path that is something else than a file is a Failure 'exists', one that can be none
 * 'usage'.
 */
export async function createAtomicFile(path: string, writer: Writer, signal?: AbortSignal): Promise<AtomicFile> {
  const { final, replaced } = await finalPath(path)
  await removeLeftovers(final, writer)
  const temporary = temporaryBeside(final, writer)
  // Of the hidden name the user knows nothing.
  const named = aboutFile(path)
  const handle = await open(temporary, 'wx', replaced === undefined ? 0o666 : 0o600).catch(named)
  if (replaced !== undefined) await keepAccess(handle, replaced)
  return {
    async write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        signal?.throwIfAborted()
        done += (await handle.write(bytes, done).catch(named)).bytesWritten
      }
    },
    flush: () => handle.sync().catch(named),
    async commit() {
      await handle.close()
      await rename(temporary, final).catch(named)
      await syncNames(dirname(final)).catch(named)
    },
    async abandon() {
      await handle.close().catch(() => {})
      await unlink(temporary).catch(() => {})
    },
  }
}

/** A hidden name, of the form that `removeLeftovers` knows. */
export function temporaryBeside(final: string, writer: Writer): string {
  const random = randomBytes(4).toString('hex')
  return join(dirname(final), `.${basename(final)}.${writer.id}.${random}.part`)
}

/** Removes what killed writers of `final` have left beside it. It may fail, and is silent then: it is not what was asked for. */
export async function removeLeftovers(final: string, writer: Writer): Promise<void> {
  const directory = dirname(final)
  const prefix = `.${basename(final)}.`
  for (const name of await readdir(directory).catch(() => [])) {
    if (!name.startsWith(prefix)) continue
    const [, id] = /^([\w-]+)\.[0-9a-f]{8}\.part$/.exec(name.slice(prefix.length)) ?? []
    if (id === undefined) continue
    const file = join(directory, name)
    const { mtime } = await stat(file).catch(() => ({ mtime: undefined }))
    if (writer.isGone(id, mtime)) await unlink(file).catch(() => {})
  }
}

/** Behind symbolic links. A device must not be replaced by a file, nor a link whose target is not there. */
async function finalPath(path: string): Promise<{ readonly final: string; readonly replaced: Stats | undefined }> {
  const final = await realpath(path).catch(() => path)
  const found = await stat(final).catch(() => lstat(final).catch(() => undefined))
  if (found?.isSymbolicLink()) throw new Failure('exists', `${path}: is a symbolic link to what is not there`)
  // Else only the last step would fail, when all is written.
  if (found === undefined && /^$|\/$/.test(final)) throw new Failure('usage', `'${path}': no name of a file`)
  if (found === undefined || found.isFile()) return { final, replaced: found }
  throw new Failure('exists', `${path}: is no file`, { hint: 'redirect stdout to write to a device or a pipe' })
}

/** Where it cannot be given to the same owner and group, ours gets what everybody has; where there are no modes, nobody. */
async function keepAccess(handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const isSame = await handle.chown(uid, gid).then(
    () => true,
    () => false,
  )
  const everybody = mode & 0o7
  await handle.chmod(isSame ? mode & 0o777 : (mode & 0o700) | (everybody << 3) | everybody).catch(() => {})
}

async function syncNames(directory: string): Promise<void> {
  const names = await open(directory, 'r')
  await names.sync()
  await names.close()
}
