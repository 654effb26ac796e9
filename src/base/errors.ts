/**
 * One error class for each person who has to act.
 *
 * A message says what happened, where, why and what to type next. `code` is stable: scripts may test it.
 */

/** A place in a file the user wrote; lines and columns count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing that is wrong with the user's input. `hint` says how to mend it. */
export interface Problem extends Position {
  readonly message: string
  readonly hint?: string | undefined
}

interface Explanation {
  readonly code?: string
  readonly remedy?: string | undefined
  readonly cause?: unknown
}

/** The user's input is wrong: exit code 64. Carries every problem found, not only the first. */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: string
  readonly remedy: string | undefined
  readonly problems: readonly Problem[]

  constructor(message: string, options: Explanation & { readonly problems?: readonly Problem[] } = {}) {
    super(message, { cause: options.cause })
    this.code = options.code ?? 'QUARRY_USAGE'
    this.remedy = options.remedy
    this.problems = options.problems ?? []
  }
}

/** The host lacks something (a tool, a privilege, a kernel feature): `remedy` is what to type. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
  readonly code: string
  readonly remedy: string | undefined

  constructor(message: string, options: Explanation = {}) {
    super(message, { cause: options.cause })
    this.code = options.code ?? 'QUARRY_ENVIRONMENT'
    this.remedy = options.remedy
  }
}

/** The system under test, or the load put on it, failed: a result, not a defect of Quarry. */
export class TargetError extends Error {
  override readonly name = 'TargetError'
  readonly code: string
  readonly remedy: string | undefined

  constructor(message: string, options: Explanation = {}) {
    super(message, { cause: options.cause })
    this.code = options.code ?? 'QUARRY_TARGET'
    this.remedy = options.remedy
  }
}

/** Whether an error is one of the system, such as `ENOENT`. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

/** The sentence to print for whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `file:line:column: message (hint)`, the form editors and terminals turn into links. */
export function formatProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`
  return problem.hint === undefined
    ? `${where}: ${problem.message}`
    : `${where}: ${problem.message}; ${problem.hint}`
}
