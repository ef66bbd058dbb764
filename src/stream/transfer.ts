import { WaitingMeter, type WaitingShares } from './waiting-meter.ts'

/** How far a transfer is, for whoever shows it. */
export class Transfer {
  /** Bytes that are through. */
  doneBytes = 0
  /** Those among them that were there before and did not have to be moved. */
  reusedBytes = 0
  readonly totalBytes: number | undefined
  readonly meter = new WaitingMeter()

  constructor(totalBytes?: number) {
    this.totalBytes = totalBytes
  }

  get waiting(): WaitingShares {
    return this.meter.shares
  }
}
