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

/** The two lists of what has been shipped, in a directory of this machine. One program at a time. */
export class ManifestFile {
  readonly #manifest: AppendedFile
  readonly #md5: AppendedFile
  readonly #chunks: Map<string, ManifestChunk>
  readonly #summed: Set<string>
  #end: ManifestEnd | undefined

  private constructor(manifest: AppendedFile, md5: AppendedFile, found: Manifest) {
    this.#manifest = manifest
    this.#md5 = md5
    this.#chunks = new Map(found.chunks)
    this.#summed = new Set(found.chunks.keys())
    this.#end = found.end
  }

  /** Opens the lists of a directory, or begins them. What a killed program left half written is put right. */
  static async open(directory: string): Promise<ManifestFile> {
    const [manifest, md5] = [
      await AppendedFile.open(join(directory, manifestName)),
      await AppendedFile.open(join(directory, md5Name)),
    ]
    if (manifest.text === '') await manifest.append(manifestHead)
    const found = parseManifest(manifest.text, manifest.file)
    const lines = new Set(md5.text.split('\n'))
    const missing = [...found.chunks.values()].map(md5Line).filter((line) => !lines.has(line))
    if (missing.length > 0) await md5.append(`${missing.join('\n')}\n`)
    await syncNames(directory)
    return new ManifestFile(manifest, md5, found)
  }

  get chunks(): ReadonlyMap<string, ManifestChunk> {
    return this.#chunks
  }

  get end(): ManifestEnd | undefined {
    return this.#end
  }

  get file(): string {
    return this.#manifest.file
  }

  /** All of it as it is written. */
  get text(): string {
    return this.#manifest.text
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
    if (before === undefined) await this.#manifest.append(`${JSON.stringify(chunk)}\n`)
    this.#chunks.set(chunk.chunk, chunk)
    if (this.#summed.has(chunk.chunk)) return false
    await this.#md5.append(`${md5Line(chunk)}\n`)
    this.#summed.add(chunk.chunk)
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

function otherBytes(chunk: ManifestChunk, before: ManifestChunk, file: string): Failure {
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
