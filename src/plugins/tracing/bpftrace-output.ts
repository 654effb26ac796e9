/**
 * Output of `bpftrace -f json`: one JSON object a line, maps printed once at the end.
 *
 * Seen in 0.14 to 0.21: `{"type": "map" | "stats" | "printf" | "attached_probes" | "lost_events" | ..., "data": ...}`.
 * A map's keys are its parts joined by commas, so a part that may itself hold commas (a path, a command name) must
 * stand last or be alone at the front. Text between the lines is a warning; a line cut short loses its map only.
 */
import type { Row, TableName } from '../../model/tables.ts'
import type { Parser, RowSink } from '../../plugin/evidence.ts'

/** A map of 16,384 long keys is a line of 4 MB. */
const LONGEST_LINE = 2 ** 26

/** What a collector makes of a program's output. */
export interface BpftraceHandler {
  /** A map, with its name including the `@`. Values are numbers, tuples as arrays, or objects of `stats()`. */
  map?(name: string, entries: readonly (readonly [key: string, value: unknown])[]): void
  printf?(text: string): void
  /** No more output. */
  end?(): void
}

/** Entries that each map of a program may have. The kernel refuses more, and bpftrace does not say so. */
export const MAP_KEYS = 16_384

/** What parsers of bpftrace output share. */
export interface BpftraceParserOptions {
  /** Takes a sentence about what is missing from the output. */
  readonly note: (sentence: string) => void
}

/** A parser that hands maps and lines to a handler, which adds its rows to the sink that it is given. */
export function bpftraceParser(
  sink: RowSink,
  { note }: BpftraceParserOptions,
  handlerFor: (sink: RowSink) => BpftraceHandler,
): Parser {
  let rows = 0
  let lines = 0
  let bad = 0
  let pending = ''
  const decoder = new TextDecoder()
  const handler = handlerFor({
    add: <T extends TableName>(table: T, row: Row<T>) => {
      rows += 1
      sink.add(table, row)
    },
  })

  const line = (text: string): void => {
    const trimmed = text.trim()
    if (trimmed === '') return
    lines += 1
    try {
      const { type, data }: { type?: unknown; data?: unknown } = JSON.parse(mendEscapes(trimmed))
      if (type === 'printf' && typeof data === 'string') handler.printf?.(data)
      else if ((type === 'map' || type === 'stats') && isRecord(data)) {
        for (const [name, map] of Object.entries(data)) {
          if (!isRecord(map)) continue
          const entries = Object.entries(map)
          if (entries.length >= MAP_KEYS) {
            note(
              `the map ${name} of the bpftrace program was full: what came after ${MAP_KEYS} keys is missing`,
            )
          }
          handler.map?.(name, entries)
        }
      } else if (type === 'lost_events' && isRecord(data)) {
        note(`bpftrace lost ${Number(data['events'])} events`)
      }
    } catch {
      bad += 1
    }
  }

  return {
    push: (chunk) => {
      const texts = (pending + decoder.decode(chunk, { stream: true })).split('\n')
      pending = texts.pop() ?? ''
      for (const text of texts) line(text)
      if (pending.length > LONGEST_LINE) {
        pending = ''
        bad += 1
      }
    },
    end: () => {
      line(pending + decoder.decode())
      pending = ''
      handler.end?.()
      return { lines, rows, bad }
    },
  }
}

/** Bytes from 128 on come sign-extended, as `\uffffffe9`: makes a run of them UTF-8 again. */
function mendEscapes(line: string): string {
  if (!line.includes('\\uffffff')) return line
  return line.replaceAll(/(?:\\uffffff[0-9a-f]{2})+|\\./g, (escape) =>
    escape.length < 10
      ? escape
      : JSON.stringify(Buffer.from(escape.replaceAll('\\uffffff', ''), 'hex').toString()).slice(1, -1),
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Splits a key at its first `count - 1` commas: the last part keeps its own. Undefined when there are fewer. */
export function headParts(key: string, count: number): string[] | undefined {
  const parts: string[] = []
  let from = 0
  for (let index = 1; index < count; index += 1) {
    const comma = key.indexOf(',', from)
    if (comma === -1) return undefined
    parts.push(key.slice(from, comma))
    from = comma + 1
  }
  return [...parts, key.slice(from)]
}

/** Splits a key at its last `count - 1` commas: the first part keeps its own. Undefined when there are fewer. */
export function tailParts(key: string, count: number): string[] | undefined {
  const parts = key.split(',')
  if (parts.length < count) return undefined
  return [parts.slice(0, parts.length - count + 1).join(','), ...parts.slice(parts.length - count + 1)]
}

/** `count` and `total` of a `stats()` value; undefined when it is none. */
export function statsOf(value: unknown): { count: number; total: number } | undefined {
  if (!isRecord(value)) return undefined
  const { count, total } = value
  return typeof count === 'number' && typeof total === 'number' ? { count, total } : undefined
}
