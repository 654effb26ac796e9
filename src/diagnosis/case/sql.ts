/** Pieces of SQL. A finding's query must run by itself, so values are written into it, quoted. */

/** A value as an SQL literal. */
export function literal(value: string | number | bigint | boolean | null): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'number' && !Number.isFinite(value)) return 'NULL'
  return String(value)
}

/** `column IN (...)`, or a condition that is never true for no values. */
export const oneOf = (column: string, values: readonly (string | number | bigint)[]): string =>
  values.length === 0 ? 'false' : `${column} IN (${values.map(literal).join(', ')})`

/** A RE2 condition over a column; null columns do not match. */
export const matches = (column: string, pattern: string): string =>
  `regexp_matches(coalesce(${column}, ''), ${literal(pattern)})`

/** Lines joined and indentation taken away, so that a query reads well in the case file. */
export function query(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length))
  return lines.map((line) => line.slice(indent).trimEnd()).join('\n')
}
