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
