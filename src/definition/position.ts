/** From offsets to lines and columns, and from the text after templates back to the text that was written. */
import type { Position } from '../base/errors.ts'

/** A piece of text: offsets in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Lines {
  /** Line and column count from 1; a line ends at LF, CR LF or CR. An offset past the end is the end. */
  at(offset: number): Position
}

export function lineTable(file: string, text: string): Lines {
  const starts = [0]
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length)
  return {
    at(offset) {
      const place = Math.max(0, Math.min(offset, text.length))
      const line = lastAtOrBefore(starts, (start) => start, place)
      return { file, line: line + 1, column: place - (starts[line] ?? 0) + 1 }
    },
  }
}

/** A piece of rendered text. Copied text runs in step with its source; a rendered value stands wholly at its tag. */
export interface Segment {
  readonly renderedStart: number
  readonly sourceStart: number
  readonly type: 'copy' | 'value' | 'missing'
}

export interface Origin {
  /** Offset in the text as it was written. */
  readonly offset: number
  readonly type: Segment['type']
}

/** Finds where a character of the rendered text came from. Segments are in the order of the rendered text. */
export function originOf(segments: readonly Segment[], rendered: number): Origin {
  const segment = segments[lastAtOrBefore(segments, ({ renderedStart }) => renderedStart, rendered)]
  if (segment === undefined) return { offset: rendered, type: 'copy' }
  const into = segment.type === 'copy' ? rendered - segment.renderedStart : 0
  return { offset: segment.sourceStart + into, type: segment.type }
}

/** Index of the last item whose key is at most `wanted`; 0 when all are beyond it. Keys ascend. */
function lastAtOrBefore<T>(items: readonly T[], key: (item: T) => number, wanted: number): number {
  let low = 0
  let high = items.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const item = items[middle]
    if (item !== undefined && key(item) <= wanted) low = middle
    else high = middle - 1
  }
  return low
}

/** Whether a span of the rendered text holds, or begins in, a value that is missing. */
export function overlapsMissing(segments: readonly Segment[], { start, end }: Span): boolean {
  let index = lastAtOrBefore(segments, ({ renderedStart }) => renderedStart, start)
  for (
    let segment = segments[index];
    segment !== undefined && segment.renderedStart < Math.max(end, start + 1);
  ) {
    if (segment.type === 'missing') return true
    index += 1
    segment = segments[index]
  }
  return false
}
