import { Failure } from '../errors.ts'
import { shellLine } from '../stream/shell-words.ts'

/** A machine that copies for us: this one, or one that is reached over ssh. */
export interface Host {
  /** Undefined for this machine. */
  readonly name: string | undefined
  /** The machine that it copies to, where there are many; else the destination says it. */
  readonly destinationHost: string | undefined
  /** It cannot be reached any more: others do its work. */
  isLost: boolean
}

export function thisHost(): Host {
  return { name: undefined, destinationHost: undefined, isLost: false }
}

/** Hosts for so many workers: those that copy, and those that are copied to, in turn. */
export function spreadWorkers(
  workers: number,
  copiers: readonly string[],
  targets: readonly string[],
): readonly Host[] {
  return Array.from({ length: workers }, (_, index) => ({
    name: copiers[index % copiers.length],
    destinationHost: targets[index % targets.length],
    isLost: false,
  }))
}

/** The words that run a program on a host. */
export function onHost(host: Host, ssh: readonly string[], argv: readonly string[]): readonly string[] {
  return host.name === undefined ? argv : [...ssh, host.name, shellLine(argv)]
}

/** A host cannot be reached; others may be. */
export class HostLost extends Failure {
  constructor(host: Host, reason: string) {
    // Where a copy runs here, it is the other end of it.
    const name = host.name ?? host.destinationHost ?? 'the host'
    super('unavailable', `${name} cannot be reached: ${reason}`)
  }
}

/** Marks a host as lost; false if there is no other, or it is this machine: it has to be tried again then. */
export function loseHost(host: Host, hosts: readonly Host[]): boolean {
  const hasOther = hosts.some(({ name, isLost }) => name !== host.name && !isLost)
  if (host.name === undefined || !hasOther) return false
  for (const same of hosts) if (same.name === host.name) same.isLost = true
  return true
}

/** For messages. */
export function hostName({ name }: Host): string {
  return name ?? 'this host'
}

/** A file of host names, one on a line; what follows a # is a comment. */
export function parseHosts(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}
