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
    const isNamed = host.name !== undefined || host.destinationHost !== undefined
    // Where a copy runs here, it is the other end of it.
    super('unavailable', `${isNamed ? hostName(host) : 'the host'} cannot be reached: ${reason}`)
  }
}

/** Marks a host as lost, or one that is copied to; false if there is no other: it has to be tried again then. */
export function loseHost(host: Host, hosts: readonly Host[]): boolean {
  const isSame = (other: Host) => other.name === host.name && other.destinationHost === host.destinationHost
  if (!hosts.some((other) => !isSame(other) && !other.isLost)) return false
  for (const same of hosts.filter(isSame)) same.isLost = true
  return true
}

/** For messages. */
export function hostName({ name, destinationHost }: Host): string {
  return name ?? destinationHost ?? 'this host'
}

/** A file of host names, one on a line; what follows a # is a comment. */
export function parseHosts(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}
