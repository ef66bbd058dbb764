import { Failure } from '../errors.ts'
import type { Input } from '../stream/input.ts'
import type { Abilities, ReceiverMessage } from './messages.ts'
import { parseReceiverMessage } from './parse-messages.ts'

/** What a receiver has and can do, carried to a sender that it cannot hear. */
export interface Have extends InventoryMessage {
  readonly abilities: Abilities
}

type InventoryMessage = Extract<ReceiverMessage, { type: 'inventory' }>

const mostBytes = 64 * 1024 * 1024

/** Two lines, as the receiver would say them in a dialogue. */
export function formatHave({ abilities, ...inventory }: Have): string {
  return `${JSON.stringify(inventory)}\n${JSON.stringify({ type: 'abilities', abilities })}`
}

/** Throws 'data' for anything but a whole one. */
export async function readHave(input: Input): Promise<Have> {
  const [first = '', second = ''] = (await readText(input)).split('\n')
  if (first === '' || second === '') {
    throw new Failure('data', 'the list of what the receiver has is not whole', {
      hint: 'zfsync-recv --inventory writes one',
    })
  }
  const [inventory, abilities] = [parseReceiverMessage(first), parseReceiverMessage(second)]
  if (inventory.type === 'inventory' && abilities.type === 'abilities')
    return { ...inventory, abilities: abilities.abilities }
  throw new Failure('data', 'this is no list of what a receiver has', { hint: 'zfsync-recv --inventory writes one' })
}

async function readText(input: Input): Promise<string> {
  const pieces: Uint8Array[] = []
  const pieceBytes = 256 * 1024
  for (let [count, total] = [pieceBytes, 0]; count === pieceBytes; total += count) {
    if (total > mostBytes) throw new Failure('data', `the list of what the receiver has is over ${mostBytes} bytes`)
    const piece = new Uint8Array(pieceBytes)
    count = await input.fill(piece)
    pieces.push(piece.subarray(0, count))
  }
  return Buffer.concat(pieces).toString('utf8')
}
