declare module 'dgram-stream' {
  import type { Duplex } from 'node:stream'

  /** What it uses of a socket of node:dgram. */
  interface StreamedSocket {
    on(event: string, listener: (...values: never[]) => void): unknown
    send(
      payload: Uint8Array,
      offset: number,
      length: number,
      port: number,
      address: string,
      callback: (error: Error | null) => void,
    ): void
    close(): void
  }

  /** Writes `{to: {address, port}, payload}`, reads `{from: {address, port, family}, payload}`. */
  function dgramStream(socket: StreamedSocket, options?: { highWaterMark?: number }): Duplex
  export = dgramStream
}
