/** Plain text tables. */

/** Rows with columns padded to the same width, the last one left as it is; two spaces between columns and in front. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  }
  const pad = (cell: string, index: number, row: readonly string[]): string =>
    index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)
  return rows.map((row) => `  ${row.map(pad).join('  ')}`.trimEnd()).join('\n')
}

/** A size for a cell: `12 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
