import { printable } from './messages.ts'

export interface TableLayout {
  /** Between columns; two spaces if not given. */
  readonly separator?: string
  /** Columns that are aligned to the right, such as sizes, by their place from 0. */
  readonly right?: readonly number[]
}

/** Rows of cells as lines of aligned columns, control characters as escapes. Nothing follows the last cell of a line. */
export function alignedLines(table: readonly (readonly string[])[], layout: TableLayout = {}): readonly string[] {
  const { separator = '  ', right = [] } = layout
  const isPlain = table.every((row) => isAscii(row.join('')))
  const rows = isPlain ? table : table.map((row) => row.map(printable))
  const widthOf = isPlain ? (cell: string) => cell.length : columnsOf
  const widths = columnWidths(rows, widthOf)
  const aligned = (cell: string, column: number) => {
    const gap = ' '.repeat((widths[column] ?? 0) - widthOf(cell))
    return right.includes(column) ? gap + cell : cell + gap
  }
  return rows.map((row) => row.map(aligned).join(separator).trimEnd())
}

function columnWidths(rows: readonly (readonly string[])[], widthOf: (cell: string) => number): readonly number[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
    })
  }
  return widths
}

/** How many characters a terminal shows: letters and the marks upon them are one. */
function columnsOf(text: string): number {
  graphemes ??= new Intl.Segmenter('en')
  return isAscii(text) ? text.length : [...graphemes.segment(text)].length
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

// Made when it is needed: that takes milliseconds.
let graphemes: Intl.Segmenter | undefined
