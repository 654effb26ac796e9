/** The timeline in Chrome's trace event format, which Perfetto opens (https://ui.perfetto.dev). Times are microseconds. */
import type { CaseData } from '../case-data.ts'

interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'M'
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly args?: Readonly<Record<string, unknown>>
}

/** One track for each phase, probe, symptom and climb. */
export function traceEventsJson({ record, probes, from, to }: CaseData): string {
  const events: TraceEvent[] = [{ name: 'process_name', ph: 'M', pid: 1, tid: 0, args: { name: record.id } }]
  let tracks = 0
  const track = (name: string): number => {
    tracks += 1
    events.push({ name: 'thread_name', ph: 'M', pid: 1, tid: tracks, args: { name } })
    return tracks
  }
  const micros = (at: bigint): number => Number(at - from) / 1e3
  const slice = (
    tid: number,
    name: string,
    begin: bigint,
    end: bigint,
    args: Record<string, unknown> = {},
  ): void => {
    events.push({ name, ph: 'X', pid: 1, tid, ts: micros(begin), dur: Number(end - begin) / 1e3, args })
  }
  const endOf = (at: string | null): bigint => (at === null ? to : BigInt(at))
  for (const { name, from: began, to: ended, ok } of record.phases) {
    slice(track(`phase ${name}`), name, BigInt(began), endOf(ended), { ok })
  }
  for (const { name } of record.probes) {
    const tid = track(`probe ${name}`)
    for (const { ts, probe, success, duration_ns } of probes) {
      if (probe === name) slice(tid, success ? 'success' : 'failure', ts, ts + duration_ns)
    }
  }
  for (const { name, when, from: began, to: ended, curedBy } of record.symptoms) {
    slice(track(`symptom ${name}`), name, BigInt(began), endOf(ended), { when, curedBy })
  }
  for (const { id, rungs } of record.captures) {
    const tid = track(`climb ${id}`)
    for (const { collector, tier, status, from: began, to: ended, rows, symptomAfter } of rungs) {
      slice(tid, collector, BigInt(began), BigInt(ended), { tier, status, rows, symptomAfter })
    }
  }
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: events })
}
