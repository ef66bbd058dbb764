import { parseAddress } from './address.ts'
import { Channel } from './channel.ts'
import { commandLink, standardLink } from './links.ts'
import type { SecurityFiles } from './security.ts'

/** Where the receiver is; at our own stdin and stdout if nothing is said. */
export interface WayThere extends SecurityFiles {
  readonly connect: string | undefined
  readonly via: string | undefined
}

/** Opens a way to the receiver, as often as it is asked. */
export async function waysTo(there: WayThere, silenceMs: number, signal: AbortSignal): Promise<() => Promise<Channel>> {
  const { connect, via } = there
  if (connect !== undefined) {
    const { connectTcp } = await import('./connect-tcp.ts')
    const { readSecurity } = await import('./security.ts')
    const address = parseAddress(connect)
    const security = await readSecurity(there)
    return async () => new Channel(await connectTcp(address, security, signal), { silenceMs, helloMs: silenceMs })
  }
  if (via !== undefined) return async () => new Channel(commandLink(via, signal), { silenceMs })
  return async () => new Channel(standardLink(signal), { silenceMs })
}
