const skippedNamesKept = 20

/** Adds up what rsync writes with `--out-format='%i %l %n' --stats --no-human-readable`; see rsync(1), --itemize-changes. */
export class RsyncReport {
  copied = 0
  copiedBytes = 0
  /** The same where it says how far it is (`--info=progress2`), of the file that it is at too: a name comes before its bytes. */
  goneFiles = 0
  goneBytes = 0
  /** Names whose attributes alone were mended. */
  touched = 0
  /** Files, links and specials that were there; undefined until rsync has said so, at its end. */
  present: number | undefined
  deleted = 0
  /** Links and special files that it was not told to keep. */
  skipped = 0
  readonly skippedNames: string[] = []
  /** The first names that it told of. */
  readonly names: string[] = []

  readonly #keepNames: number

  constructor(keepNames = 0) {
    this.#keepNames = keepNames
  }

  /** The number of names, folders aside, that changed or would have to. */
  get changed(): number {
    return this.copied + this.touched
  }

  /** Gives false for what is out of date with the next line. */
  add(line: string): boolean {
    const isProgress = /^ +\d+ +\d+% /.test(line)
    if (isProgress) this.#addProgress(line)
    else this.#addLine(line)
    return !isProgress
  }

  #addLine(line: string): void {
    const [, change = '', bytes = '', name = ''] = /^([<>ch.*][fdLDS][^ ]*) (\d+) (.*)$/s.exec(line) ?? []
    if (change !== '') this.#addChange(change, Number(bytes), name)
    else if (line.startsWith('*deleting')) this.#addDeleted(line)
    else if (line.startsWith('skipping non-regular file ')) this.#addSkipped(line)
    else if (line.startsWith('Number of files: ')) this.present = presentOf(line)
  }

  /** `  36700162 100%    7.99MB/s    0:00:04 (xfr#3, to-chk=1/5)`; while it is at a file, without the brackets. */
  #addProgress(line: string): void {
    const [, bytes, files] = /^ +(\d+) .*?(?:\(xfr#(\d+),|$)/.exec(line) ?? []
    this.goneBytes = Number(bytes)
    if (files !== undefined) this.goneFiles = Number(files)
  }

  #addChange(change: string, bytes: number, name: string): void {
    if (change[1] === 'd') return
    if (change[0] === '.') this.touched += 1
    else this.copied += 1
    if (change[0] === '<' || change[0] === '>') this.copiedBytes += bytes
    if (this.names.length < this.#keepNames) this.names.push(name)
  }

  #addSkipped(line: string): void {
    this.skipped += 1
    const [, name = ''] = /"(.*)"$/s.exec(line) ?? []
    if (this.skippedNames.length < skippedNamesKept) this.skippedNames.push(name)
  }

  #addDeleted(line: string): void {
    this.deleted += 1
    const [, name = ''] = /^\*deleting +\d+ (.*)$/s.exec(line) ?? []
    if (this.names.length < this.#keepNames) this.names.push(name)
  }
}

/** `Number of files: 9 (reg: 3, dir: 4, link: 1, special: 1)`, without the folders. */
function presentOf(line: string): number {
  const [, kinds = ''] = /\((.*)\)/.exec(line) ?? []
  const counts = [...kinds.matchAll(/(\w+): ([\d,]+)/g)].filter(([, kind]) => kind !== 'dir')
  return counts.reduce((sum, [, , count = '0']) => sum + Number(count.replaceAll(',', '')), 0)
}
