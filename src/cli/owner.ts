import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** This program among all that write to the same store: eight digits for the machine, a dash, the process id. */
export function ownerOfThisProgram(machineIdFile = '/etc/machine-id') {
  const names = [hostname(), processNamespace(), machineId(machineIdFile)]
  const machine = createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 8)
  return {
    id: `${machine}-${process.pid}`,
    /** True only for a program of this machine that runs no more; another machine's cannot be asked. */
    isGone(id: string): boolean {
      const [itsMachine, pid] = id.split('-')
      return itsMachine === machine && !isRunning(Number(pid))
    },
  }
}

/** Machines that share a store over the network may all be called `localhost`. */
function machineId(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
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
