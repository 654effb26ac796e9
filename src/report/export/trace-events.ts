/**
 * The timeline in Chrome's trace event format ("Trace Event Format", Google 2016), which Perfetto opens
 * (https://ui.perfetto.dev). Times are microseconds since the run began.
 */
import type { CaseData } from '../case-data.ts'
import type { TimeSpan } from '../time-span.ts'
import { visibleJson, visibleLine } from '../text.ts'

type Arguments = Readonly<Record<string, unknown>>

type TraceEvent =
  | {
      readonly ph: 'M'
      readonly name: string
      readonly pid: 1
      readonly tid: number
      readonly args: Arguments
    }
  | {
      readonly ph: 'X'
      readonly name: string
      readonly cat: string
      readonly pid: 1
      readonly tid: number
      readonly ts: number
      readonly dur: number
      readonly args: Arguments
    }
  | {
      readonly ph: 'C'
      readonly name: string
      readonly pid: 1
      readonly ts: number
      readonly args: Arguments
    }

interface Slice extends TimeSpan {
  readonly name: string
  readonly args: Arguments
}

/** A track for each phase, probe, symptom and climb, and a counter for each condition of a symptom. */
export function traceEventsJson({ record, probes, conditions, span }: CaseData): string {
  const events: TraceEvent[] = [{ ph: 'M', name: 'process_name', pid: 1, tid: 0, args: { name: record.id } }]
  const micros = (at: bigint): number => Number(at - span.from) / 1e3
  let tracks = 0
  /** Slices of one track must not overlap: what would goes to another of the same name. */
  const track = (category: string, name: string, slices: readonly Slice[]): void => {
    const ends: { tid: number; to: bigint }[] = []
    for (const { name: title, from, to, args } of slices.toSorted((a, b) => Number(a.from - b.from))) {
      let free = ends.find((one) => one.to <= from)
      if (free === undefined) {
        tracks += 1
        free = { tid: tracks, to }
        ends.push(free)
        const metadata = { ph: 'M', pid: 1, tid: tracks } as const
        events.push({ ...metadata, name: 'thread_name', args: { name: visibleLine(name) } })
        events.push({ ...metadata, name: 'thread_sort_index', args: { sort_index: tracks } })
      }
      free.to = to
      const times = { ts: micros(from), dur: Number(to - from) / 1e3 }
      events.push({ ph: 'X', name: visibleLine(title), cat: category, pid: 1, tid: free.tid, ...times, args })
    }
  }
  const spanOf = (from: string, to: string | null): TimeSpan => ({
    from: BigInt(from),
    to: to === null ? span.to : BigInt(to),
  })

  for (const { name, from, to, ok } of record.phases) {
    track('phase', `phase ${name}`, [{ name, ...spanOf(from, to), args: { ok } }])
  }
  for (const [name, own] of Map.groupBy(probes, ({ probe, node }) => `probe ${probe} on ${node}`)) {
    const slices = own.map(({ from, to, attempts, failures }) => ({
      name: failures === 0 ? 'success' : 'failure',
      from,
      to,
      args: { attempts, failures },
    }))
    track('probe', name, slices)
  }
  for (const { name, when, from, to, curedBy } of record.symptoms) {
    track('symptom', `symptom ${name}`, [{ name, ...spanOf(from, to), args: { when, curedBy } }])
  }
  for (const { id, rungs } of record.captures) {
    const slices = rungs.map(({ collector, tier, status, from, to, rows, symptomAfter }) => ({
      name: collector,
      ...spanOf(from, to),
      args: { tier, status, rows, symptomAfter },
    }))
    track('ladder', `ladder ${id}`, slices)
  }
  for (const { symptom, text, lines } of conditions) {
    for (const { ts, value, series } of lines) {
      if (typeof ts !== 'bigint' || typeof value !== 'number') continue
      const args = { [visibleLine(String(series)) || 'value']: value }
      events.push({ ph: 'C', name: visibleLine(`${symptom}: ${text}`), pid: 1, ts: micros(ts), args })
    }
  }
  return `${visibleJson({ displayTimeUnit: 'ms', traceEvents: events })}\n`
}
