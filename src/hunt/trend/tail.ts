/**
 * What chance does to a series without steps, from the table: how large a gain it makes, and what memory is left by a cut
 * that was sought for. Between the lengths and memories of the table, straight lines.
 */
import nullTable from './null-table.json' with { type: 'json' }
import type { Kind } from './scan.ts'

const { lengths, memories, tails } = nullTable
const logLengths = lengths.map(Math.log)
const MOST = memories.at(-1) ?? 0
const DECADE = tails.indexOf(0.01)
/** Standard errors by which the memory is taken for longer than it looks: too short a memory makes false alarms. */
const CAUTION = 0.75

/** Lower neighbour in an ascending list, and how far the way to the next one is gone; more than 1 beyond the last. */
function between(list: readonly number[], value: number): { index: number; share: number } {
  const last = list.length - 2
  let index = 0
  while (index < last && value >= (list[index + 1] ?? Infinity)) index++
  const [low = 0, high = 1] = [list[index], list[index + 1]]
  return { index, share: Math.max(0, (value - low) / (high - low)) }
}

const mix = (share: number, a: number, b: number): number => a + share * (b - a)

/**
 * Logarithm of the probability that a gain is exceeded, by one row of the table: it falls about linearly with the gain,
 * and goes on beyond the table as steeply as it came to its end.
 */
function logTail(gains: readonly number[], gain: number): number {
  let [low, lowLog] = [0, 0]
  for (const [index, tail] of tails.entries()) {
    const [high, highLog] = [gains[index] ?? 0, Math.log(tail)]
    if (gain < high) return mix((gain - low) / (high - low), lowLog, highLog)
    ;[low, lowLog] = [high, highLog]
  }
  const slope = (lowLog - Math.log(0.01)) / Math.max(low - (gains[DECADE] ?? 0), 0.5)
  return lowLog + slope * (gain - low)
}

/** Probability that chance exceeds a gain in `length` values of noise with a memory. */
export function tailOf(kind: Kind, length: number, memory: number, gain: number): number {
  const row = between(logLengths, Math.log(length))
  const column = between(memories, Math.min(memory, MOST))
  const at = (i: number, j: number): number => logTail(nullTable.gains[kind][i]?.[j] ?? [], gain)
  const along = (i: number): number => mix(column.share, at(i, column.index), at(i, column.index + 1))
  return Math.exp(Math.min(0, mix(row.share, along(row.index), along(row.index + 1))))
}

/**
 * The memory of the noise, from the lag-1 autocorrelation that a cut leaves, in a series of so many levels before it.
 *
 * Levels take some of the memory with them, the best of many more than a given one: slow noise is what they explain
 * best. So the memory is the one of which chance leaves this much, in the median (Andrews, Exactly median-unbiased
 * estimation of first order autoregressive models, Econometrica 61, 1993). Without a cut, a mean for each level takes
 * (1 + 3 r) / n in all (Marriott and Pope, Biometrika 41, 1954).
 */
export function memoryOf(left: number, length: number, levels: number, kind?: Kind): number {
  const given = left + ((levels - 1) * (1 + 2 * left)) / length
  const restored = kind === undefined ? given + (1 + 3 * given) / length : unbiased(kind, length, given)
  const memory = Math.max(0, Math.min(MOST, restored))
  return Math.min(MOST, memory + CAUTION * Math.sqrt((1 - memory * memory) / length))
}

function unbiased(kind: Kind, length: number, left: number): number {
  const row = between(logLengths, Math.log(length))
  const [low = [], high = []] = nullTable.left[kind].slice(row.index, row.index + 2)
  const medians = memories.map((_, j) => mix(Math.min(1, row.share), low[j] ?? 0, high[j] ?? 0))
  const { index, share } = between(medians, left)
  return mix(share, memories[index] ?? 0, memories[index + 1] ?? 0)
}
