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
import { diskError } from '../evidence/disk-error.ts'
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
export function explain(thrown: unknown, signal: AbortSignal): Explanation {
  // A full disk, say, is no defect of ours, whichever file it refused.
  const error = diskError(thrown, 'write a file')
  if (error instanceof UserError) {
    return known(exitCodes.usage, error, error.problems)
  }
  if (error instanceof EnvironmentError) return known(exitCodes.unknown, error)
  if (error instanceof TargetError) return known(exitCodes.fail, error)
  if (signal.aborted && thrown === signal.reason) {
    return known(exitCodes.unknown, { code: 'QUARRY_ABORTED', message: messageOf(error), remedy: undefined })
  }
  const stack = inspect(thrown)
  return {
    exitCode: exitCodes.internal,
    text: `quarry: ${stack}\nThis is a defect of Quarry, not of what you typed: please report it with the lines above.`,
    object: { code: 'QUARRY_INTERNAL', message: stack },
  }
}

function known(
  exitCode: number,
  error: { readonly code: string; readonly message: string; readonly remedy: string | undefined },
  problems: readonly Problem[] = [],
): Explanation {
  const { code, message, remedy } = error
  const lines = [...problems.map(formatProblem), `quarry: ${message}`]
  if (remedy !== undefined) lines.push(`try: ${remedy}`)
  return {
    exitCode,
    text: lines.join('\n'),
    object: {
      code,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...(problems.length === 0 ? {} : { problems }),
    },
  }
}
