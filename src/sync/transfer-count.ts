import type { Check } from '../stream/checked-input.ts'

/** Bytes of streams that have gone by, of all workers; for whoever shows how far it is. */
export class TransferCount implements Check {
  doneBytes = 0

  look(piece: Uint8Array): void {
    this.doneBytes += piece.length
  }
}
