import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../errors.ts'
import { AppendedFile } from './appended-file.ts'
import {
  type Manifest,
  type ManifestChunk,
  type ManifestEnd,
  manifestHead,
  md5Line,
  parseManifest,
} from './manifest.ts'

export const manifestName = 'files.manifest'
export const md5Name = 'files.md5'

export function isListName(name: string): boolean {
  return name === manifestName || name === md5Name
}

/** What is kept of each chunk while others are shipped: there may be very many. */
type Recorded = Pick<ManifestChunk, 'size' | 'sha256'>

/** The two lists of what has been shipped, in a directory of this machine. One program at a time. */
export class ManifestFile {
  readonly #manifest: AppendedFile
  readonly #md5: AppendedFile
  readonly #chunks = new Map<string, Recorded>()
  /** Those that the list of MD5 sums has no line of yet. */
  readonly #unsummed = new Set<string>()
  #end: ManifestEnd | undefined

  private constructor(manifest: AppendedFile, md5: AppendedFile, found: Manifest) {
    this.#manifest = manifest
    this.#md5 = md5
    for (const [name, { size, sha256 }] of found.chunks) this.#chunks.set(name, { size, sha256 })
    this.#end = found.end
  }

  /** Opens the lists of a directory, or begins them. What a killed program left half written is put right. */
  static async open(directory: string): Promise<ManifestFile> {
    const manifest = await AppendedFile.open(join(directory, manifestName))
    try {
      const md5 = await AppendedFile.open(join(directory, md5Name))
      try {
        const found = await mendManifest(manifest)
        await mendMd5(md5, found)
        await syncNames(directory)
        return new ManifestFile(manifest.appended, md5.appended, found)
      } catch (error) {
        await md5.appended.close()
        throw error
      }
    } catch (error) {
      await manifest.appended.close()
      throw error
    }
  }

  get chunks(): ReadonlyMap<string, Recorded> {
    return this.#chunks
  }

  get end(): ManifestEnd | undefined {
    return this.#end
  }

  get file(): string {
    return this.#manifest.file
  }

  /** Its length, as the disk has it. */
  get bytes(): number {
    return this.#manifest.bytes
  }

  /** Its first bytes, so many. */
  read(bytes: number): AsyncIterable<Uint8Array> {
    return this.#manifest.read(bytes)
  }

  /** Resolves when the disk has it. True if it is new, false if it was recorded before; other bytes under its name are 'exists'. */
  async record(chunk: ManifestChunk): Promise<boolean> {
    const before = this.#chunks.get(chunk.chunk)
    if (before !== undefined && before.sha256 !== chunk.sha256) throw otherBytes(chunk, before, this.#manifest.file)
    if (before === undefined && this.#end !== undefined) {
      throw new Failure('exists', `${chunk.chunk}: ${this.#manifest.file} has its END already`, {
        hint: '--stream NAME keeps another stream apart',
      })
    }
    // Each is known only when the disk has it: a full disk may refuse either line, and the chunk comes again.
    if (before === undefined) {
      await this.#manifest.append(`${JSON.stringify(chunk)}\n`)
      this.#chunks.set(chunk.chunk, { size: chunk.size, sha256: chunk.sha256 })
      this.#unsummed.add(chunk.chunk)
    }
    if (!this.#unsummed.has(chunk.chunk)) return false
    await this.#md5.append(`${md5Line(chunk)}\n`)
    this.#unsummed.delete(chunk.chunk)
    return true
  }

  async finish(end: ManifestEnd): Promise<void> {
    if (this.#end !== undefined) return
    await this.#manifest.append(`${JSON.stringify(end)}\n`)
    this.#end = end
  }

  async close(): Promise<void> {
    await this.#manifest.close()
    await this.#md5.close()
  }
}

type Opened = Awaited<ReturnType<typeof AppendedFile.open>>

/** Nothing goes of what is no manifest. */
async function mendManifest({ appended, found: { lines, rest } }: Opened): Promise<Manifest> {
  const manifest = parseManifest(`${lines}${rest}`, appended.file)
  await appended.cutRest()
  if (lines.length === 0) await appended.append(manifestHead)
  return manifest
}

/** The manifest's line is on the disk before that of md5sum is begun: what is not the beginning of such a line is others'. */
async function mendMd5({ appended, found: { lines, rest } }: Opened, { chunks }: Manifest): Promise<void> {
  const there = new Set(lines.toString().split('\n'))
  const missing = [...chunks.values()].map(md5Line).filter((line) => !there.has(line))
  const isOurs = missing.some((line) => Buffer.from(line).subarray(0, rest.length).equals(rest))
  if (rest.length > 0 && !isOurs) await appended.endRest()
  await appended.cutRest()
  if (missing.length > 0) await appended.append(`${missing.join('\n')}\n`)
}

function otherBytes(chunk: ManifestChunk, before: Recorded, file: string): Failure {
  const message = `${chunk.chunk}: sha256 is ${chunk.sha256}, and ${before.sha256} of the one in ${file}`
  return new Failure('exists', message, { hint: '--stream NAME keeps another stream apart' })
}

async function syncNames(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
