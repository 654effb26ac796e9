/** Collects everything that is wrong with a definition. */
import type { Position, Problem } from '../../base/errors.ts'
import { limits } from '../limits.ts'
import type { Span } from '../position.ts'
import { inert } from './quote.ts'

/** Takes a problem at a span of the text at hand. */
export type ReportAt = (at: Span, message: string, hint?: string) => void

export interface Problems {
  add(at: Position, message: string, hint?: string): void
  readonly count: number
  /** In the order of the file; a last one says how many more there are beyond the limit. */
  list(): Problem[]
}

export function createProblems(): Problems {
  const found = new Map<string, Problem>()
  let dropped = 0
  return {
    add({ file, line, column }, message, hint) {
      // Not every message is made here: those of components and of PromQL hold text of the user's as it is.
      const place = { file, line, column, message: inert(message) }
      const problem: Problem = hint === undefined ? place : { ...place, hint: inert(hint) }
      const key = `${line}:${column}:${message}`
      if (found.has(key)) return
      if (found.size < limits.problems) found.set(key, problem)
      else dropped += 1
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
