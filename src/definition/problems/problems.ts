/** Collects everything that is wrong with a definition. */
import type { Position, Problem } from '../../base/errors.ts'
import { limits } from '../limits.ts'
import type { Span } from '../position.ts'
import { inert } from './quote.ts'

/** How to mend it. Looking for the nearest of many names takes time: a function is only called if the problem is kept. */
export type Hint = string | (() => string | undefined)

/** Takes a problem at a span of the text at hand. */
export type ReportAt = (at: Span, message: string, hint?: Hint) => void

export interface Problems {
  add(at: Position, message: string, hint?: Hint): void
  readonly count: number
  /** In the order of the file; a last one says how many more there are beyond the limit. */
  list(): Problem[]
}

export function createProblems(): Problems {
  const found = new Map<string, Problem>()
  let dropped = 0
  return {
    add({ file, line, column }, message, hint) {
      const key = `${line}:${column}:${message}`
      if (found.has(key)) return
      if (found.size >= limits.problems) {
        dropped += 1
        return
      }
      // Not every message is made here: those of components and of PromQL hold text of the user's as it is.
      const place = { file, line, column, message: clip(message) }
      const text = typeof hint === 'function' ? hint() : hint
      found.set(key, text === undefined ? place : { ...place, hint: clip(text) })
    },
    get count() {
      return found.size
    },
    list() {
      const sorted = [...found.values()].toSorted((a, b) => a.line - b.line || a.column - b.column)
      const last = sorted.at(-1)
      if (last !== undefined && dropped > 0) {
        sorted.push({
          file: last.file,
          line: last.line,
          column: last.column,
          message: `and ${dropped} more problems`,
        })
      }
      return sorted
    },
  }
}

/** No message is longer than a few lines, whatever text of the user's a component put into it. */
const clip = (text: string): string => inert(text.length > 1000 ? `${text.slice(0, 997)}...` : text)
