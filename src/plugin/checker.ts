/** Judges a run by its operation history and symptoms. */
import type { SymptomRecord } from '../model/run.ts'
import type { Verdict } from '../model/verdict.ts'
import type { Definable } from './define.ts'

export interface Operation {
  readonly ts: bigint
  readonly process: string
  readonly module: string
  /** `start` and `end` frame all others of a module; `error` is a module that threw. */
  readonly kind: 'start' | 'invoke' | 'ok' | 'fail' | 'info' | 'error' | 'end'
  readonly value: unknown
  readonly phase: string
}

/**
 * What one client of a load asked for; as in Jepsen, a `cas` has the value `[from, to]`, an `ok` of a `read` what was read,
 * null for nothing, and a client whose operation ended as `info` does nothing more under its number.
 */
export interface ClientOperation {
  readonly f: 'read' | 'write' | 'cas'
  readonly key: string
  readonly value: string | null | readonly [from: string | null, to: string]
  readonly client: number
}

/** Whether it is an operation of a client of a load, by whose failure the load has not failed. */
export const isClientOperation = ({ value }: Operation): boolean =>
  typeof value === 'object' && value !== null && 'f' in value && 'client' in value

export interface CheckContext {
  readonly history: readonly Operation[]
  readonly symptoms: readonly SymptomRecord[]
  readonly directory: string
  /** Rows of a SELECT over the evidence tables; a UserError says what is wrong with one. */
  query(sql: string): Promise<Readonly<Record<string, unknown>>[]>
}

export interface CheckerPlugin<P = unknown> extends Definable<P> {
  /** A checker that throws makes the verdict `unknown`. */
  check(
    context: CheckContext,
    properties: P,
  ): Promise<{ readonly verdict: Verdict; readonly message: string }>
}
