/** Whatever was thrown, for the person who reads it: what to print, and the exit code. */
import { inspect } from 'node:util'
import {
  EnvironmentError,
  formatProblem,
  messageOf,
  TargetError,
  UserError,
  type Problem,
} from '../base/errors.ts'
import { exitCodes } from '../model/verdict.ts'

export interface Explanation {
  readonly exitCode: number
  /** For standard error. */
  readonly text: string
  /** For `--json`. */
  readonly object: {
    readonly code: string
    readonly message: string
    readonly remedy?: string
    readonly problems?: readonly Problem[]
  }
}

/**
 * The user's mistakes exit with 64; what the host lacks, and an abort, with 2, for nothing was judged; what the system
 * under test did with 1; anything else is our own fault, with its stack, and 70.
 */
export function explain(error: unknown, signal: AbortSignal): Explanation {
  const message = messageOf(error)
  if (error instanceof UserError) {
    return known(exitCodes.usage, error, [...error.problems.map(formatProblem), message], error.problems)
  }
  if (error instanceof EnvironmentError) return known(exitCodes.unknown, error, [message])
  if (error instanceof TargetError) return known(exitCodes.fail, error, [message])
  if (signal.aborted && error === signal.reason) {
    return known(exitCodes.unknown, { code: 'QUARRY_ABORTED', message, remedy: undefined }, [message])
  }
  const stack = inspect(error)
  return {
    exitCode: exitCodes.internal,
    text: `quarry: ${stack}\nThis is a defect of Quarry, not of what you typed: please report it with the lines above.`,
    object: { code: 'QUARRY_INTERNAL', message: stack },
  }
}

function known(
  exitCode: number,
  error: { readonly code: string; readonly message: string; readonly remedy: string | undefined },
  lines: readonly string[],
  problems?: readonly Problem[],
): Explanation {
  const remedy = error.remedy === undefined ? [] : [`try: ${error.remedy}`]
  return {
    exitCode,
    text: [...lines, ...remedy].map((line, index) => (index === 0 ? `quarry: ${line}` : line)).join('\n'),
    object: {
      code: error.code,
      message: error.message,
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
      ...(problems === undefined ? {} : { problems }),
    },
  }
}
