/** `nodetool tpstats`, as text or as JSON, to samples (Cassandra 2.1 to 5.0). */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

const PREFIX = 'cassandra_thread_pool_'
/** Columns of the text after the pool's name, in order. */
const COLUMNS = ['active', 'pending', 'completed', 'blocked', 'all_time_blocked'] as const
/** The same in JSON. */
const KEYS = [
  'ActiveTasks',
  'PendingTasks',
  'CompletedTasks',
  'CurrentlyBlockedTasks',
  'TotalBlockedTasks',
] as const
/** As Java prints a number: from ten million on, ten seconds in microseconds, a fraction is `1.0090808E7`. */
const VALUE = /^\(?(?:\d+(?:\.\d+)?(?:E\d+)?|N\/A|NaN)\)?$/
/** More than any node prints. */
const LONGEST_JSON = 4 << 20

/**
 * Parses one output: `cassandra_thread_pool_{active,pending,completed,blocked,all_time_blocked}{pool}` and
 * `cassandra_dropped_messages{type}`. A value that the node does not tell (`N/A`) gives no sample.
 */
export function tpstatsParser(rows: RowSink): Parser {
  return lineParser(rows, (sink) => {
    let json: string | undefined
    let section: 'none' | 'pools' | 'messages' = 'none'
    return {
      line(line) {
        if (section === 'none' && json === undefined && line.startsWith('{')) json = ''
        if (json !== undefined) {
          if (json.length + line.length > LONGEST_JSON) return false
          json += `${line}\n`
          return true
        }
        if (line.trim() === '' || line.startsWith('Latencies waiting')) return true
        if (/^Pool Name\s+Active/.test(line)) section = 'pools'
        else if (/^Message type\s+Dropped/.test(line)) section = 'messages'
        else return readRow(sink, section, line)
        return true
      },
      end: () => json === undefined || readJson(sink, json),
    }
  })
}

function readRow(sink: RowSink, section: 'none' | 'pools' | 'messages', line: string): boolean {
  const [name, ...values] = line.trim().split(/\s+/)
  if (name === undefined || !values.every((value) => VALUE.test(value))) return false
  if (section === 'pools' && values.length >= COLUMNS.length) {
    // DSE has columns between; the first two and the last three are those of Cassandra.
    const known = [...values.slice(0, 2), ...values.slice(-3)]
    COLUMNS.forEach((column, index) => add(sink, PREFIX + column, { pool: name }, known[index]))
    return true
  }
  if (section !== 'messages' || values.length === 0) return false
  add(sink, 'cassandra_dropped_messages', { type: name }, values[0])
  return true
}

function readJson(sink: RowSink, text: string): boolean {
  let stats: unknown
  try {
    stats = JSON.parse(text)
  } catch {
    return false
  }
  if (!isRecord(stats) || !isRecord(stats['ThreadPools'])) return false
  for (const [pool, values] of Object.entries(stats['ThreadPools'])) {
    if (!isRecord(values)) continue
    KEYS.forEach((key, index) => add(sink, PREFIX + COLUMNS[index], { pool }, values[key]))
  }
  const dropped = stats['DroppedMessage']
  for (const [type, count] of Object.entries(isRecord(dropped) ? dropped : {})) {
    add(sink, 'cassandra_dropped_messages', { type }, count)
  }
  return true
}

function add(sink: RowSink, metric: string, labels: Readonly<Record<string, string>>, value: unknown): void {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return
  sink.add('samples', { metric, labels: JSON.stringify(labels), value: number })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
