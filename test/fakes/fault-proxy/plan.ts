import type { Operation } from '../s3-server/operation.ts'

export const faultNames = [
  /** The server is not asked; it seems to answer so. */
  '500',
  '503-slow-down',
  'moved-302',
  'clock-skew',
  'expired-token',
  /** The same for requests with a checksum header alone. */
  'no-checksums-400',
  'no-checksums-501',
  /** The connection breaks: before the body, in the middle of the longer body of the two, or when the request is whole. */
  'reset-before-body',
  'reset-mid-body',
  'reset-after-body',
  /** The request is read and never answered. */
  'hang',
  /** The server has done what was asked, and nobody hears of it. */
  'lost-answer',
  /** A refusal with the status 200, as S3 does it when it takes long. */
  '200-with-error',
  /** The server's answer with another ETag, in headers and XML. */
  'wrong-etag',
  /** One bit of the body on its way to the server, or from it. */
  'flipped-bit-up',
  'flipped-bit-down',
  /** 1 MiB/s in each direction, for each connection; and 200 kB/s. */
  'slow-link',
  'very-slow-link',
] as const

export type FaultName = (typeof faultNames)[number]

/** One fault at one kind of request. */
export interface Fault {
  readonly on: Operation
  /** The first request of its kind to meet it, counted from 1. 1 unless given. */
  readonly nth?: number
  /** So many requests of its kind in a row meet it. 1 unless given. */
  readonly times?: number
  readonly do: FaultName
}

/** Which request meets which fault, and how often each fault happened. */
export class Plan {
  readonly #faults: readonly Fault[]
  readonly #seen = new Map<Operation, number>()
  readonly #happened = new Map<Fault, number>()

  constructor(faults: readonly Fault[]) {
    this.#faults = faults
  }

  /** Counts a request, and gives what it is to meet. */
  meet(operation: Operation): Fault | undefined {
    const count = (this.#seen.get(operation) ?? 0) + 1
    this.#seen.set(operation, count)
    return this.#faults.find(({ on, nth = 1, times = 1 }) => on === operation && count >= nth && count < nth + times)
  }

  happened(fault: Fault): void {
    this.#happened.set(fault, this.timesOf(fault) + 1)
  }

  timesOf(fault: Fault): number {
    return this.#happened.get(fault) ?? 0
  }

  seen(operation: Operation): number {
    return this.#seen.get(operation) ?? 0
  }

  /** What never happened: a test of it has shown nothing. */
  get missed(): Fault[] {
    return this.#faults.filter((fault) => this.timesOf(fault) === 0)
  }
}
