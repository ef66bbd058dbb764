/** A list as libnvpair packs it in XDR: numbers are guids, texts are strings. */
export interface Pairs {
  readonly [name: string]: bigint | string | Pairs
}

export function packedList(pairs: Pairs): Buffer {
  return Buffer.concat([Buffer.of(1, 1, 0, 0), list(pairs)])
}

function list(pairs: Pairs): Buffer {
  return Buffer.concat([words(0, 1), ...Object.entries(pairs).map(([name, value]) => pair(name, value)), words(0, 0)])
}

function pair(name: string, value: bigint | string | Pairs): Buffer {
  const [type, packed] =
    typeof value === 'bigint'
      ? [8, words(Number(value >> 32n), Number(value & 0xffffffffn))]
      : typeof value === 'string'
        ? [9, text(value)]
        : [19, list(value)]
  const rest = Buffer.concat([text(name), words(type, 1), packed])
  return Buffer.concat([words(8 + rest.length, 1), rest])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([words(bytes.length), bytes, Buffer.alloc(-bytes.length & 3)])
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, 4 * index)
  return buffer
}
