import type { Channel } from './channel.ts'
import { troubleOf } from './messages.ts'

/** Ends a dialogue before it has begun, in its own words, whatever the peer has said. */
export async function sayNo(channel: Channel, reason: unknown): Promise<void> {
  await channel.greet()
  await channel.send({ type: 'failed', trouble: troubleOf(reason), ends: true })
}
