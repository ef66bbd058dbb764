import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'

/** This program among all that write to the same store: eight digits for the machine, a dash, the process id. */
export function ownerOfThisProgram(machineIdFile = '/etc/machine-id') {
  const names = [hostname(), processNamespace(), machineId(machineIdFile)]
  const machine = createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 8)
  return {
    id: `${machine}-${process.pid}`,
    /**
     * True only for a program of this machine that runs no more; another machine's cannot be asked. A process of another
     * kind that has begun after the program's last known write has got its number since, as after a restart.
     */
    isGone(id: string, lastWrite?: Date): boolean {
      const [itsMachine, pid] = id.split('-')
      if (itsMachine !== machine) return false
      return !isRunning(Number(pid)) || (lastWrite !== undefined && isAnother(Number(pid), lastWrite))
    },
  }
}

/** Whose process this is, and the group of that user alone: -1, none, without an entry in passwd(5), as in many a container. */
export function userOfThisProgram() {
  return { userId: process.geteuid?.() ?? 0, groupId: ownGroup() }
}

function ownGroup(): number {
  try {
    return userInfo().gid
  } catch {
    return -1
  }
}

/** Machines that share a store over the network may all be called `localhost`. */
function machineId(file: string): string {
  return textOf(file).trim()
}

/** Containers may share a host name, but not their processes. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

const ticksPerSecond = 100
// The clock of a store elsewhere may go wrong by so much.
const clockSkewMs = 15 * 60_000

/** Not by its time alone: a clock may have been set. */
function isAnother(pid: number, lastWrite: Date): boolean {
  return hasBegunAfter(pid, lastWrite) && !textOf(`/proc/${pid}/cmdline`).includes('node')
}

/** By starttime and btime of proc(5); false where they are not to be had. */
function hasBegunAfter(pid: number, time: Date): boolean {
  const stat = textOf(`/proc/${pid}/stat`)
  // The second field is a name in parentheses, which may hold blanks.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  const bootSeconds = Number(/^btime (\d+)$/m.exec(textOf('/proc/stat'))?.[1])
  return (bootSeconds + ticks / ticksPerSecond) * 1000 > time.getTime() + clockSkewMs
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
