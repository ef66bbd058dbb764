import { buffer } from 'node:stream/consumers'
import { firstBytes, flippingOneBit, paced } from './body-streams.ts'
import type { Exchange } from './exchange.ts'
import type { FaultName } from './plan.ts'

/** Lets a fault happen to an exchange. False: it could not happen to this one, which has been served as usual. */
type Action = (exchange: Exchange) => Promise<unknown>

const slowBytesPerSecond = 1024 * 1024
const verySlowBytesPerSecond = 200_000

export async function pass(exchange: Exchange): Promise<void> {
  exchange.answer(await exchange.forward())
}

export const actions: Readonly<Record<FaultName, Action>> = {
  '500': (exchange) => exchange.refuse(500, 'InternalError'),
  '503-slow-down': (exchange) => exchange.refuse(503, 'SlowDown'),
  'moved-302': (exchange) => exchange.refuse(302, 'Found'),
  'clock-skew': (exchange) => exchange.refuse(403, 'RequestTimeTooSkewed'),
  'expired-token': (exchange) => exchange.refuse(400, 'ExpiredToken'),
  'no-checksums-400': (exchange) => refuseChecksums(exchange, 400, 'InvalidRequest'),
  'no-checksums-501': (exchange) => refuseChecksums(exchange, 501, 'NotImplemented'),
  'reset-before-body': async (exchange) => exchange.reset(),
  'reset-mid-body': resetMidBody,
  'reset-after-body': async (exchange) => {
    await exchange.readAll()
    exchange.reset()
  },
  hang: (exchange) => exchange.readAll(),
  'lost-answer': async (exchange) => {
    const reply = await exchange.forward()
    await buffer(reply)
    exchange.reset()
  },
  '200-with-error': (exchange) => exchange.refuse(200, 'InternalError'),
  'wrong-etag': wrongEtag,
  'flipped-bit-up': async (exchange) => {
    if (exchange.bodyBytes === 0) return unharmed(exchange)
    exchange.answer(await exchange.forward(flippingOneBit()))
    return true
  },
  'flipped-bit-down': async (exchange) => {
    const reply = await exchange.forward()
    exchange.answer(reply, flippingOneBit())
    return Number(reply.headers['content-length'] ?? 1) > 0 && exchange.incoming.method !== 'HEAD'
  },
  'slow-link': (exchange) => passSlowly(exchange, slowBytesPerSecond),
  'very-slow-link': (exchange) => passSlowly(exchange, verySlowBytesPerSecond),
}

async function passSlowly(exchange: Exchange, bytesPerSecond: number): Promise<void> {
  exchange.answer(await exchange.forward(paced(bytesPerSecond)), paced(bytesPerSecond))
}

async function unharmed(exchange: Exchange): Promise<false> {
  await pass(exchange)
  return false
}

async function refuseChecksums(exchange: Exchange, status: number, code: string): Promise<boolean> {
  const names = Object.keys(exchange.incoming.headers)
  if (!names.some((name) => /^x-amz-(sdk-checksum|checksum-(?!mode))/.test(name))) return unharmed(exchange)
  await exchange.refuse(status, code)
  return true
}

async function resetMidBody(exchange: Exchange): Promise<void> {
  if (exchange.bodyBytes > 0) {
    await new Promise<void>((resolve) => {
      const half = firstBytes(Math.ceil(exchange.bodyBytes / 2), resolve)
      // The server sees the connection break too, and answers nothing.
      exchange.forward(half).catch(() => {})
    })
    return exchange.reset()
  }
  const reply = await exchange.forward()
  const length = Number(reply.headers['content-length'] ?? 0)
  if (length === 0 || exchange.incoming.method === 'HEAD') return exchange.reset()
  exchange.answer(
    reply,
    firstBytes(Math.ceil(length / 2), () => exchange.reset()),
  )
}

async function wrongEtag(exchange: Exchange): Promise<boolean> {
  const reply = await exchange.forward()
  if (reply.headers.etag !== undefined) {
    exchange.answer(reply, undefined, { etag: another(reply.headers.etag) })
    return true
  }
  const body = (await buffer(reply)).toString()
  const changed = body.replace(/(?<=<ETag>)[^<]*/, another)
  exchange.answerWith(reply, Buffer.from(changed), {})
  return changed !== body
}

/** An ETag that looks as good. */
function another(etag: string): string {
  return etag.replace(/[0-9a-f]{32}/, (md5) =>
    md5.replaceAll(/./g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16)),
  )
}
