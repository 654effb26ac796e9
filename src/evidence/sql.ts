/** Answers of `quarry sql` for people and for programs. */
import { openEvidence, type RunSource } from './query.ts'
import type { Unreadable } from './part-files.ts'

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Values in the order of the columns, as JavaScript has them: bigint, number, string, boolean, array, Date, null. */
  readonly rows: readonly (readonly unknown[])[]
  /** Parts of the evidence that the answer leaves out. */
  readonly unreadable: readonly Unreadable[]
}

/** Asks the evidence of a run, or of several, one SELECT. A wrong query is a UserError. */
export async function runSql(runs: string | readonly RunSource[], sql: string): Promise<Answer> {
  await using evidence = await openEvidence(runs)
  const { columns, rows } = await evidence.table(sql)
  return { columns, rows, unreadable: [...evidence.unreadable] }
}

// TypeScript's library does not know it yet: text that stands in the JSON as it is.
const { rawJSON } = JSON as typeof JSON & { rawJSON(this: void, text: string): unknown }

const NUMERIC = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE|FLOAT|DECIMAL.*)$/
const WIDEST = 100

/** Aligned columns under their names. Long values are cut, and control characters shown: a terminal obeys them. */
export function formatTable({ columns, rows }: Answer): string {
  const cells = rows.map((row) => row.map((value) => cut(visible(textOf(value)))))
  const widths = columns.map(({ name }, index) =>
    Math.max(visible(name).length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return NUMERIC.test(columns[index]?.type ?? '') ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const head = lineOf(columns.map(({ name }) => visible(name)))
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [head, rule, ...cells.map(lineOf), ''].join('\n')
}

/** An array of objects. Integers keep all their digits; what JSON has no number for is null. */
export function formatJson({ columns, rows }: Answer): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])))
  const text = JSON.stringify(
    objects,
    (_key, value: unknown) => (typeof value === 'bigint' ? rawJSON(String(value)) : value),
    2,
  )
  return `${text}\n`
}

/** RFC 4180, with a header line. Null is an empty field. */
export function formatCsv({ columns, rows }: Answer): string {
  const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map(textOf))]
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('')
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object') {
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? String(inner) : inner,
    )
  }
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

const visible = (text: string): string =>
  text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })

const cut = (text: string): string => (text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text)
