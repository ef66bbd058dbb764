import { Failure } from '../errors.ts'
import type { Channel } from './channel.ts'
import { mostRequestBytes } from './frames.ts'
import type { Inventory } from './inventory.ts'
import { type Abilities, failureOf, type Problem, type ReceiverMessage, type SenderMessage } from './messages.ts'
import { parseReceiverMessage } from './parse-messages.ts'
import type { Policy } from './policy.ts'

/** The receiver, as a sender sees it. */
export interface ReceiverEnd {
  readonly channel: Channel
  /** Whether it answers: not if the streams go into a file. */
  readonly isHeard: boolean
  /** Resolves when it has done what it was asked, to its words on how; a Failure in its words if it could not. */
  answer(): Promise<string | undefined>
  ask(message: SenderMessage): Promise<string | undefined>
  /** Has what is in the buffer taken to its place; resolves to what is left there. */
  settle(): Promise<readonly Problem[]>
  /** Has what has come held; resolves to what could not be. */
  hold(): Promise<readonly Problem[]>
  /** Asked when something is to be sent. */
  abilities(): Promise<Abilities>
}

/** Opens a dialogue for streams alone, beside another that knows what is to be sent. */
export async function openStreams(channel: Channel): Promise<ReceiverEnd> {
  await greet(channel, 'streams')
  return heardEnd(channel, await receive(channel, 'ready'))
}

/** What a receiver says of itself and its replica. */
export interface Told {
  readonly id: string
  readonly policy: Policy
  readonly inventory: Inventory
}

/** Opens the dialogue about a whole tree; for a dry run, the receiver changes nothing to tell what it has. */
export async function openTree(channel: Channel, isDryRun = false): Promise<Told & { readonly receiver: ReceiverEnd }> {
  await greet(channel, 'all', isDryRun)
  const told = await receive(channel, 'inventory')
  const { inventory, policy, receiver: id } = told
  return { receiver: heardEnd(channel, told), id, policy, inventory }
}

/** A receiver that reads later what is written now. What it can do is known beforehand. */
export async function openContainer(channel: Channel, abilities: Abilities): Promise<ReceiverEnd> {
  await channel.greet()
  await channel.send({ type: 'hello', role: 'container' })
  return {
    channel,
    isHeard: false,
    answer: async () => undefined,
    async ask(message) {
      await channel.send(message)
      return undefined
    },
    async settle() {
      await channel.send({ type: 'settle' })
      return []
    },
    hold: async () => [],
    abilities: async () => abilities,
  }
}

/** The last word, unless there is nobody to hear it any more. */
export async function endDialogue({ channel, ask }: ReceiverEnd, problems: readonly Problem[]): Promise<void> {
  if (channel.failure !== undefined) return
  await ask({ type: 'end', problems: fitting(problems) })
  await channel.finish()
}

// Half of what a receiver takes for one message.
const mostProblemBytes = mostRequestBytes / 2

/** As many as one message holds; of the others, one of each kind, so that the receiver ends with their status. */
export function fitting(problems: readonly Problem[]): readonly Problem[] {
  let bytes = 0
  const sums = problems.map((each) => {
    bytes += Buffer.byteLength(JSON.stringify(each))
    return bytes
  })
  const told = problems.slice(0, sums.filter((sum) => sum < mostProblemBytes).length)
  const rest = problems.slice(told.length)
  const kinds = new Map(rest.map((each) => [each.kind, each]))
  const counted = [...kinds.values()].map((each) => {
    const more = rest.filter(({ kind }) => kind === each.kind).length - 1
    return more === 0 ? each : { ...each, message: `${each.message}; and ${more} others of this kind failed` }
  })
  return [...told, ...counted]
}

async function greet(channel: Channel, role: 'all' | 'streams', dryRun = false): Promise<void> {
  await channel.greet()
  await channel.send({ type: 'hello', role, holdsLater: true, ...(dryRun && { dryRun }) })
  // It greets when it has heard us: before that, ssh may ask for a password.
  if (!(await channel.readGreeting())) await channel.endedEarly()
  channel.beginDialogue()
}

function heardEnd(channel: Channel, { holdsLater }: { readonly holdsLater?: boolean }): ReceiverEnd {
  const answer = async () => (await receive(channel, 'done')).how
  return {
    channel,
    isHeard: true,
    answer,
    async ask(message) {
      await channel.send(message)
      return await answer()
    },
    async settle() {
      await channel.send({ type: 'settle' })
      return (await receive(channel, 'settled')).left
    },
    async hold() {
      if (holdsLater !== true) return []
      await channel.send({ type: 'hold' })
      return (await receive(channel, 'held')).left
    },
    async abilities() {
      await channel.send({ type: 'abilities' })
      return (await receive(channel, 'abilities')).abilities
    },
  }
}

/** The next message, if it is of this type. */
async function receive<T extends ReceiverMessage['type']>(
  channel: Channel,
  type: T,
): Promise<Extract<ReceiverMessage, { type: T }>> {
  const message = parseReceiverMessage(await channel.readMessage())
  if (message.type === type) return message as Extract<ReceiverMessage, { type: T }>
  if (message.type !== 'failed') throw new Failure('protocol', `'${message.type}' came where '${type}' was due`)
  const failure = failureOf(message.trouble)
  if (message.ends === true) channel.end(failure)
  throw failure
}
