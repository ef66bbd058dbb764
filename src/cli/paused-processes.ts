import { dieBy } from './signals.ts'

export const ownPid: number = process.pid

/** Other processes that are stopped for a while. Whatever ends this program, but KILL, lets them go on. */
export class PausedProcesses {
  readonly #pids = new Set<number>()
  readonly #resumeAll = () => this.resumeAll()
  readonly #quit = () => {
    this.resumeAll()
    dieBy('SIGQUIT')
  }

  get count(): number {
    return this.#pids.size
  }

  /** Throws what the system says, such as EPERM. */
  pause(pid: number): void {
    if (this.#pids.size === 0) {
      process.on('exit', this.#resumeAll)
      process.on('SIGQUIT', this.#quit)
    }
    this.#pids.add(pid)
    process.kill(pid, 'SIGSTOP')
  }

  resumeAll(): void {
    for (const pid of this.#pids) resume(pid)
    this.#pids.clear()
    process.off('exit', this.#resumeAll)
    process.off('SIGQUIT', this.#quit)
  }
}

/** One that has ended meanwhile needs nothing. */
function resume(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {}
}
