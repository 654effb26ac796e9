/** Results out of a CSV file: a column of time or index, columns of values, and the rest, which may explain a change. */
import { mean, median } from '../../diagnosis/stats/order.ts'
import { UserError } from '../../base/errors.ts'
import { readCsv } from '../../evidence/csv.ts'
import type { ResultSeries, ResultTable, TrendPoint } from '../../model/trend.ts'

export interface CsvRoles {
  /** Column of the time; by its name, or the first one, when left out. */
  readonly time: string | undefined
  /** Columns that explain, although they look like values. */
  readonly attributes: readonly string[]
  /** Which way is better, by column. */
  readonly better: ReadonlyMap<string, 'higher' | 'lower'>
}

type Row = readonly (string | null)[]

const TIME = /^(time|timestamp|date|ts|index|night|commit_?time|run_?time)$/i
/** Words of a series that passes or fails. */
const WORDS: Readonly<Record<string, number>> = { pass: 1, true: 1, fail: 0, false: 0 }
const UNKNOWN = /^(unknown|nan|null|na|n\/a|-)?$/i

/** Reads a file. Throws a UserError for one without a column of values, or with a column that was named and is not there. */
export async function tableOfCsv(file: string, roles: CsvRoles): Promise<ResultTable> {
  const { columns, rows } = await readCsv(file)
  for (const name of [roles.time, ...roles.attributes, ...roles.better.keys()]) {
    if (name === undefined || columns.includes(name)) continue
    throw new UserError(`${file} has no column ${name}`, { remedy: `its columns are ${columns.join(', ')}` })
  }
  const time = roles.time ?? columns.find((name) => TIME.test(name)) ?? columns[0] ?? ''
  const at = columns.indexOf(time)
  const groups = inOrder([...Map.groupBy(rows, (row) => row[at] ?? '')])
  const isValue = (name: string): boolean =>
    name !== time && !roles.attributes.includes(name) && isValues(rows, columns.indexOf(name))
  const values = columns.filter(isValue)
  if (values.length === 0) {
    throw new UserError(`${file} has no column of values`, {
      remedy: 'numbers, or pass and fail, beside a column of time or index',
    })
  }
  const explains = columns.filter((name) => name !== time && !values.includes(name))
  return {
    points: groups.map(([label, members]) => pointOf(label, members, explains, columns)),
    series: values.map((name) => seriesOf(name, columns.indexOf(name), groups, roles)),
    notes: [],
  }
}

/** Rows in order of time where all have one, by number where all are numbers, and as they stand otherwise. */
function inOrder(groups: [string, Row[]][]): [string, Row[]][] {
  const numbers = groups.map(([label]) => Number(label === '' ? Number.NaN : label))
  const keys = numbers.every(Number.isFinite) ? numbers : groups.map(([label]) => timeOf(label) ?? Number.NaN)
  if (!keys.every(Number.isFinite)) return groups
  return groups
    .map((group, i) => ({ group, key: keys[i] ?? 0 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ group }) => group)
}

/** ISO 8601, or seconds or milliseconds since the epoch, in ms; null for what is only an index. */
function timeOf(label: string): number | null {
  const number = Number(label)
  if (Number.isFinite(number)) return number > 1e11 ? number : number > 1e8 ? number * 1000 : null
  const parsed = Date.parse(label)
  return Number.isFinite(parsed) ? parsed : null
}

function isValues(rows: readonly Row[], column: number): boolean {
  const cells = rows.map((row) => row[column] ?? '')
  const known = cells.filter((cell) => !UNKNOWN.test(cell))
  return known.length > 0 && known.every((cell) => Number.isFinite(valueOf(cell)))
}

function valueOf(cell: string): number {
  const word = WORDS[cell.toLowerCase()]
  return word ?? (UNKNOWN.test(cell) ? Number.NaN : Number(cell))
}

function pointOf(
  label: string,
  rows: readonly Row[],
  explains: readonly string[],
  columns: readonly string[],
): TrendPoint {
  const attributes = explains.flatMap((name) => {
    const cells = new Set(rows.flatMap((row) => row[columns.indexOf(name)] ?? []))
    return cells.size === 0 ? [] : [[name, [...cells].join(', ')] as const]
  })
  return { label, timeMs: timeOf(label), attributes: Object.fromEntries(attributes) }
}

function seriesOf(
  name: string,
  column: number,
  groups: readonly (readonly [string, readonly Row[]])[],
  { better }: CsvRoles,
): ResultSeries {
  const cells = groups.flatMap(([, rows]) => rows.map((row) => row[column] ?? ''))
  const passes = cells.every((cell) => UNKNOWN.test(cell) || Object.hasOwn(WORDS, cell.toLowerCase()))
  const data = groups.map(([, rows]) => {
    const values = rows.map((row) => valueOf(row[column] ?? '')).filter(Number.isFinite)
    if (values.length === 0) return null
    // Several results of one night are one point: they share the night.
    return values.every((value) => value === 0 || value === 1) ? mean(values) : median(values)
  })
  return { name, unit: passes ? 'share' : '', better: better.get(name) ?? (passes ? 'higher' : null), data }
}
