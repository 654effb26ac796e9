/** Laying rows of one run beside those of another, for comparisons and for references from runs that passed. */
import { openEvidence } from '../evidence/query.ts'
import type { EvidenceWriter } from '../evidence/writer.ts'
import type { CaptureRecord } from '../model/run.ts'
import { tableNames } from '../model/tables.ts'
import type { Row, TableName } from '../model/tables.ts'
import type { RowSink } from '../plugin/evidence.ts'

/** Which rows: those of captures, and those of continuous observation in a stretch of time, ns since the epoch. */
export interface RowsOf {
  readonly directory: string
  readonly captures: readonly CaptureRecord[]
  readonly node: string | null
  readonly from: bigint
  readonly to: bigint
}

type StoredRow = Record<string, unknown> & {
  ts: bigint
  node: string
  collector: string
  capture: string | null
}

const PAGE_ROWS = 100_000

/** Copies rows, moved in time by `shift` ns; those of captures get the capture id `id`. Gives how many there were. */
export async function copyEvidence(
  source: RowsOf,
  id: string,
  shift: bigint,
  writer: EvidenceWriter,
): Promise<number> {
  await using evidence = await openEvidence(source.directory)
  // Ids and names are those of a run.json that anybody may have written: they are parameters, never part of the SQL.
  const ids = source.captures.map((capture) => capture.id)
  const captured = ids.length === 0 ? 'false' : `capture IN (${ids.map(() => '?').join(', ')})`
  const observed = `coalesce(capture, '') = '' AND ts >= ? AND ts <= ?`
  const node = source.node === null ? '' : 'AND node = ?'
  const parameters = [...ids, source.from, source.to, ...(source.node === null ? [] : [source.node])]
  let copied = 0
  const copy = copier(id, shift, writer)
  for (const table of tableNames) {
    for (let offset = 0; ; offset += PAGE_ROWS) {
      const rows = await evidence.rows<StoredRow>(
        `SELECT * FROM ${table} WHERE (${captured} OR (${observed})) ${node} LIMIT ${PAGE_ROWS} OFFSET ${offset}`,
        parameters,
      )
      for (const row of rows) copy(table, row)
      copied += rows.length
      if (rows.length < PAGE_ROWS) break
      await writer.flush()
    }
  }
  return copied
}

function copier(
  id: string,
  shift: bigint,
  writer: EvidenceWriter,
): (table: TableName, row: StoredRow) => void {
  const sinks = new Map<string, RowSink>()
  return (table, { ts, node, collector, capture: before, ...values }) => {
    const capture = before === null || before === '' ? '' : id
    const key = `${node} ${collector} ${capture}`
    const sink = sinks.get(key) ?? writer.sink({ node, collector, capture })
    sinks.set(key, sink)
    sink.add(table, { ...values, ts: ts + shift } as Row<typeof table>)
  }
}
