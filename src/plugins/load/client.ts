/** What a client of a load can do; one file for each protocol implements it. */
import type { ClientOperation } from '../../plugin/checker.ts'

/** What an operation gave. `mismatch`: a comparison came out otherwise, which is an answer and no error. */
export interface Answer {
  readonly outcome: 'ok' | 'mismatch'
  /** What was read, null for nothing. */
  readonly value?: string | null
}

/** An operation that a client is about to do. */
export interface PlannedOperation {
  /** Latencies are kept by kind: letters, digits, `.`, `_`, `-`. */
  readonly kind: string
  /** What the history says of it, where it says anything. */
  readonly subject?: Omit<ClientOperation, 'client'>
  /** Does it. Rejects with an OperationError. */
  run(): Promise<Answer>
}

/** One connection, on which one operation is under way at most. It connects by itself, also again. */
export interface LoadClient {
  /** The next operation: the same sequence for the same seed, as far as it does not depend on what was read. */
  next(): PlannedOperation
  /** Connects and sees that the server answers. Rejects with an OperationError. */
  connect(): Promise<void>
  /** Gives the connection up; what is under way on it rejects with the error. */
  drop(error: OperationError): void
}

/** The system under test did not do as asked; counted by code. */
export class OperationError extends Error {
  override readonly name = 'OperationError'
  /** Short, and one of few: `ECONNREFUSED`, `timeout`, `status 503`. */
  readonly code: string
  /** Whether it may have taken effect all the same. */
  readonly isIndeterminate: boolean
  /** Whether the connection could not be made: trying again at once is of no use. */
  readonly isUnreachable: boolean

  constructor(
    code: string,
    message: string,
    {
      isIndeterminate = true,
      isUnreachable = false,
    }: { isIndeterminate?: boolean; isUnreachable?: boolean } = {},
  ) {
    super(message)
    this.code = code
    this.isIndeterminate = isIndeterminate
    this.isUnreachable = isUnreachable
  }
}

/** The server could not be reached: nothing was done. */
export const unreachable = (error: unknown): OperationError =>
  new OperationError(codeOf(error), error instanceof Error ? error.message : String(error), {
    isIndeterminate: false,
    isUnreachable: true,
  })

/** The connection was lost with an operation under way. */
export const lost = (error: unknown): OperationError =>
  error instanceof OperationError
    ? error
    : new OperationError(codeOf(error), error instanceof Error ? error.message : String(error))

/** `ECONNRESET` and the like; `connection lost` for what has no code. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'connection lost'
}
