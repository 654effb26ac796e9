/**
 * Logs of histograms, one interval a line: `[Tag=name,]start,length,max,histogram`.
 *
 * Format: org.HdrHistogram.HistogramLogReader. Times are in seconds, since the epoch or since the base time that a
 * comment names; a log without a base time counts from its start time when its first line is a year older than that.
 */
import { messageOf } from '../errors.ts'
import { linesOf, openFile } from '../lines.ts'
import { decodeHistogram } from './decode.ts'
import type { Histogram } from './histogram.ts'

export interface LoggedInterval {
  /** Empty when it has none. */
  readonly tag: string
  /** Seconds since the epoch, or since whatever the log counts from. */
  readonly start: number
  /** Seconds, more than 0. */
  readonly length: number
  readonly histogram: Histogram
}

/** A histogram of many values is some kilobytes; nothing here needs more than this. */
const LONGEST_LINE = 2 ** 24
const YEAR = 365 * 24 * 3600

/**
 * The intervals of a log, which may be compressed as .gz or .zst, in its own order. A line that is no interval is left
 * out, and `onBad` told of it, as the last one of a killed process. Rejects when the file cannot be read or unpacked.
 */
export async function* readHistogramLog(
  file: string,
  onBad: (line: number, why: string) => void,
): AsyncGenerator<LoggedInterval> {
  let number = 0
  let started = 0
  let base: number | undefined
  for await (const lines of linesOf(openFile(file), LONGEST_LINE)) {
    for (const line of lines) {
      number++
      const comment = /^#\[(Start|Base)Time: *([\d.eE+-]+)/.exec(line)
      if (comment?.[1] === 'Start') started = Number(comment[2])
      if (comment?.[1] === 'Base') base = Number(comment[2])
      if (line.startsWith('#') || line.startsWith('"') || line.trim() === '') continue
      try {
        const interval = intervalIn(line)
        base ??= interval.start < started - YEAR ? started : 0
        yield { ...interval, start: base + interval.start }
      } catch (error) {
        onBad(number, messageOf(error))
      }
    }
  }
}

function intervalIn(line: string): LoggedInterval {
  const fields = line.split(',')
  const tag = fields[0]?.startsWith('Tag=') === true ? fields.shift()?.slice(4) : ''
  const [start, length, , text = ''] = fields
  const times = { start: Number(start ?? ''), length: Number(length ?? '') }
  if (fields.length !== 4 || !Number.isFinite(times.start) || !(times.length > 0 && times.length < 1e9)) {
    throw new Error('this is not start, length, maximum and histogram')
  }
  return { tag: tag ?? '', ...times, histogram: decodeHistogram(text) }
}
