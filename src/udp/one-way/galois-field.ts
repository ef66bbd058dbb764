// GF(2^8) over x^8 + x^4 + x^3 + x^2 + 1, in which 2 generates all numbers but 0.
const polynomial = 0x11d

const powers = new Uint8Array(510)
const logarithms = new Uint8Array(256)
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  powers[exponent] = powers[exponent + 255] = value
  logarithms[value] = exponent
  value = value & 0x80 ? (value << 1) ^ polynomial : value << 1
}

/** Addition and subtraction are XOR. */
export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powers[logarithms[a]! + logarithms[b]!]!
}

/** `b` is not 0. */
export function divide(a: number, b: number): number {
  return a === 0 ? 0 : powers[logarithms[a]! + 255 - logarithms[b]!]!
}

/** The inverse of a square matrix that has one, by elimination. */
export function invertMatrix(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length
  const rows = matrix.map((row, at) => [...row, ...row.map((_, column) => (column === at ? 1 : 0))])
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, at) => at >= column && row[column] !== 0)
    const [found] = rows.splice(pivot, 1)
    const scaled = found!.map((value) => divide(value, found![column]!))
    rows.splice(column, 0, scaled)
    for (const [at, row] of rows.entries()) if (at !== column) subtract(row, scaled, row[column]!)
  }
  return rows.map((row) => row.slice(size))
}

function subtract(row: number[], other: readonly number[], factor: number): void {
  for (const [at, value] of other.entries()) row[at]! ^= multiply(value, factor)
}
