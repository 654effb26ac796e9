/** Passes when the workload, or some modules of it, took a time within bounds. Both bounds hold when both are given. */
import { z } from 'zod'
import { formatDuration } from '../../../base/duration.ts'
import type { Operation } from '../../../plugin/checker.ts'
import { defineChecker } from '../../../plugin/define.ts'
import { duration, refersTo } from '../../../plugin/properties.ts'

export default defineChecker({
  id: 'duration',
  summary: 'the workload, or some of its modules, took a time within bounds',
  needs: [],
  properties: z
    .strictObject({
      'duration.max': duration.optional().describe('longest time it may take'),
      'duration.min': duration.optional().describe('shortest time it may take'),
      phases: refersTo('module', z.string().optional()).describe(
        'aliases of the modules to time, with commas; the whole when left out',
      ),
    })
    .refine((given) => given['duration.max'] !== undefined || given['duration.min'] !== undefined, {
      message: 'needs duration.max or duration.min',
    }),
  check: async ({ history }, { 'duration.max': max, 'duration.min': min, phases }) => {
    const names = phases?.split(',').map((name) => name.trim())
    const unseen = names?.filter((name) => !history.some(({ process }) => process === name)) ?? []
    if (unseen.length > 0) return { verdict: 'unknown', message: `${unseen.join(', ')} did not run` }
    if (history.length === 0) return { verdict: 'unknown', message: 'there were no operations' }
    const took = names === undefined ? length(spanOf(history)) : coveredBy(names, history)
    const time = `took ${formatDuration(took)}`
    if (max !== undefined && took > max) {
      return { verdict: 'fail', message: `${time}, at most ${formatDuration(max)} allowed` }
    }
    if (min !== undefined && took < min) {
      return { verdict: 'fail', message: `${time}, at least ${formatDuration(min)} expected` }
    }
    return { verdict: 'pass', message: time }
  },
})

/** From the first to the last operation, in ns since the epoch. */
type Span = readonly [from: bigint, to: bigint]

const spanOf = (operations: readonly Operation[]): Span => {
  const times = operations.map(({ ts }) => ts).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return [times[0] ?? 0n, times.at(-1) ?? 0n]
}

/** Milliseconds. */
const length = ([from, to]: Span): number => Number(to - from) / 1e6

/** Milliseconds in which at least one of the modules ran: time in which two ran counts once. */
function coveredBy(names: readonly string[], history: readonly Operation[]): number {
  const spans = names
    .map((name) => spanOf(history.filter(({ process }) => process === name)))
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  let total = 0
  let reached = spans[0]?.[0] ?? 0n
  for (const [from, to] of spans) {
    if (to <= reached) continue
    total += length([from > reached ? from : reached, to])
    reached = to
  }
  return total
}
