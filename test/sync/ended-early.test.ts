import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Channel } from '../../src/sync/channel.ts'
import type { ReceiveRequest } from '../../src/sync/messages.ts'
import { receiveStream } from '../../src/sync/receive-stream.ts'
import { sendStream } from '../../src/sync/send-stream.ts'
import { TransferCount } from '../../src/sync/transfer-count.ts'
import { inputOf } from '../fakes/inputs.ts'
import { begun, guid, withContent } from '../fakes/sample-stream.ts'
import { putZfsInPath } from '../fakes/zfs-in-path.ts'

const { signal } = new AbortController()
const stream = withContent(begun()).end(guid).stream
const request: ReceiveRequest = {
  type: 'receive',
  path: '',
  into: 'place',
  dataset: 'filesystem',
  to: { name: 'mon', guid: guid.toString(16).padStart(16, '0') },
  fromGuid: undefined,
}

function receive(): Promise<void> {
  return receiveStream(inputOf(stream), {
    target: 'backup',
    request,
    abilities: { send: '', canResume: true, canSetProperties: true },
    properties: { set: new Map(), refused: new Set() },
    mayRollBack: false,
    count: new TransferCount(),
    signal,
  })
}

it('P1: what zfs receive has not read it has not received, whatever it says', async () => {
  putZfsInPath('exit 0')
  await expect(receive()).rejects.toMatchObject({
    kind: 'data',
    message: 'backup@mon: zfs receive ended well before the stream did',
  })
  putZfsInPath('cat >/dev/null')
  await receive()
})

it('P1: a receiver that says it has all before all was sent is not believed', async () => {
  writeFileSync(join(putZfsInPath('cat stream'), 'stream'), stream)
  const said: object[] = []
  const channel = {
    failure: undefined,
    send: async (message: object) => void said.push(message),
    // It has said so by then.
    sendData: () => new Promise((resolve) => setTimeout(resolve, 10)),
  } as unknown as Channel
  const answers = async () => undefined
  const receiver = {
    channel,
    isHeard: true,
    answer: answers,
    ask: answers,
    settle: never,
    hold: never,
    abilities: never,
  }
  const job = { request, mustBeRaw: false, words: ['x'], checks: [], signal }
  await expect(sendStream(receiver, job)).rejects.toMatchObject({
    kind: 'protocol',
    message: 'the receiver claims to have @mon before it was sent',
  })
  expect(said).toMatchObject([{ type: 'receive' }, { type: 'abort' }])
})

function never(): Promise<never> {
  return new Promise(() => {})
}
