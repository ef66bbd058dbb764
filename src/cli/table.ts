export interface TableLayout {
  /** Between columns; two spaces if not given. */
  readonly separator?: string
  /** Columns that are aligned to the right, such as sizes, by their place from 0. */
  readonly right?: readonly number[]
}

/** Rows of cells as lines of aligned columns. Nothing follows the last cell of a line. */
export function alignedLines(rows: readonly (readonly string[])[], layout: TableLayout = {}): readonly string[] {
  const { separator = '  ', right = [] } = layout
  const widths = columnWidths(rows)
  const aligned = (cell: string, column: number) => {
    const gap = ' '.repeat((widths[column] ?? 0) - columnsOf(cell))
    return right.includes(column) ? gap + cell : cell + gap
  }
  return rows.map((row) => row.map(aligned).join(separator).trimEnd())
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, columnsOf(cell))
  }
  return widths
}

/** How many characters a terminal shows: letters and the marks upon them are one. */
function columnsOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : [...graphemes.segment(text)].length
}

const graphemes = new Intl.Segmenter('en')
