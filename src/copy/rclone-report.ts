const namesKept = 20

interface LogLine {
  readonly level?: string
  readonly msg?: string
  readonly object?: string
  readonly stats?: {
    readonly bytes: number
    readonly checks: number
    readonly errors: number
    readonly transfers: number
  }
}

/** Adds up what rclone logs with `--use-json-log`, and what `rclone check --combined` writes. */
export class RcloneReport {
  copied = 0
  /** Of these, what was there with another content: rclone counts them as checked too. */
  replaced = 0
  checked = 0
  errors = 0
  copiedBytes = 0
  lastError = ''
  readonly failedNames: string[] = []
  equal = 0
  readonly differing: string[] = []
  readonly lines: string[] = []
  #rest = ''
  #lastCounts = ''

  /** Names that it has looked at, each counted once. */
  get seen(): number {
    return this.copied - this.replaced + this.checked
  }

  /** A line of stdout, bytes as latin1: `= name` is equal; `* name`, `+ name`, `! name` differ, lack or failed. */
  addLine(line: string): void {
    const text = Buffer.from(line, 'latin1').toString('utf8')
    if (text.startsWith('= ')) this.equal += 1
    else if (/^[*+!] /.test(text)) this.differing.push(text.slice(2))
    this.lines.push(text)
  }

  /** A piece of stderr. Gives its lines, but for the counts, which come each second. */
  addLog(bytes: Uint8Array): string {
    const lines = (this.#rest + Buffer.from(bytes).toString('utf8')).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
      .filter((line) => this.#addLogLine(line))
      .map((line) => `${line}\n`)
      .join('')
  }

  /** What is left for a log when rclone has ended: the last counts, and a line without an end. */
  endOfLog(): string {
    return this.#lastCounts + this.#rest
  }

  addAll(other: RcloneReport): void {
    this.copied += other.copied
    this.replaced += other.replaced
    this.checked += other.checked
    this.errors += other.errors
    this.copiedBytes += other.copiedBytes
    this.lastError = other.lastError || this.lastError
  }

  /** One that rclone was not told of. */
  addFailed(name: string, why: string): void {
    this.errors += 1
    this.lastError = why
    if (this.failedNames.length < namesKept) this.failedNames.push(name)
  }

  /** False for counts. */
  #addLogLine(line: string): boolean {
    const entry = parse(line)
    if (entry === undefined) {
      if (line.trim() !== '') this.lastError = line.trim()
      return true
    }
    if (entry.msg?.startsWith('Copied (replaced')) this.replaced += 1
    if (entry.level === 'error' || entry.level === 'critical') {
      this.lastError = entry.msg ?? this.lastError
      if (entry.object !== undefined && this.failedNames.length < namesKept) this.failedNames.push(entry.object)
    }
    if (entry.stats === undefined) return true
    const { bytes, checks, errors, transfers } = entry.stats
    Object.assign(this, { copiedBytes: bytes, checked: checks, errors, copied: transfers })
    this.#lastCounts = `${line}\n`
    return false
  }
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
