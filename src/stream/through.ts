import { type Duplex, pipeline } from 'node:stream'

/** What changes a stream on its way: a Transform of Node's, such as `createGzip()`, or an async generator function. */
export type Through = Duplex | ((pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>)

/** The pieces as these have made them, one after another. Each piece must be its reader's to keep. An error on the way is an error at the end. */
export function through(pieces: AsyncIterable<Uint8Array>, hooks: readonly Through[]): AsyncIterable<Uint8Array> {
  return hooks.reduce(
    (source, hook) => (typeof hook === 'function' ? hook(source) : throughDuplex(source, hook)),
    pieces,
  )
}

function throughDuplex(source: AsyncIterable<Uint8Array>, duplex: Duplex): AsyncIterable<Uint8Array> {
  // Its error is the duplex's too, where it is read.
  pipeline(source, duplex, () => {})
  return duplex
}
