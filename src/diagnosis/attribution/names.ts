/** Which names a process asks for in vain: where, and whether it ever asks twice. */
import type { Case } from '../case/case.ts'
import { literal } from '../case/sql.ts'
import { count, percent, plain } from '../statement/format.ts'

export interface Names {
  /** Directory of most of them. */
  readonly directory?: string
  readonly sentence: string
}

/** Share of names asked for only once from which they look generated. */
const MOSTLY_NEW = 0.9
const LEAST_NAMES = 5

export async function namesOf(the: Case, node: string, comm: string): Promise<Names | undefined> {
  const own = `${the.sick.captured} AND node = ${literal(node)} AND comm = ${literal(comm)} AND errno = 'ENOENT' AND path <> ''`
  const rows = await the.evidence.rows<{ directory: string; asked: number; names: number; example: string }>(`
    SELECT coalesce(nullif(regexp_replace(path, '/[^/]*$', ''), ''), '/') AS directory, sum(coalesce(count, 1))::DOUBLE AS asked,
      count(DISTINCT path)::DOUBLE AS names, min(path) AS example
    FROM syscalls WHERE ${own} AND path LIKE '%/%' GROUP BY directory ORDER BY asked DESC`)
  const [main] = rows
  if (main === undefined) return undefined
  const all = rows.reduce((sum, { asked }) => sum + asked, 0)
  const names = rows.reduce((sum, row) => sum + row.names, 0)
  // Sampled rows stand for several calls of the same weight: names per row, not per call, tell how often one comes again.
  const [row] = await the.evidence.rows<{ seen: number }>(
    `SELECT count(*)::DOUBLE AS seen FROM syscalls WHERE ${own}`,
  )
  const generated = names >= LEAST_NAMES && row !== undefined && names / row.seen >= MOSTLY_NEW
  const once = generated
    ? ` ${count(names)} names were sampled, nearly each another one, such as ${plain(main.example.split('/').at(-1) ?? '', 60)}.`
    : ''
  const share = main.asked / all
  return {
    ...(share >= 0.5 ? { directory: main.directory } : {}),
    sentence:
      `${share >= 0.5 ? `${percent(share)} of its names are below ${plain(main.directory)}.` : ''}${once}`.trim(),
  }
}
