/** What a prober is asked on its standard input, and answers on its standard output: one line of JSON each. */
import type { ProbeResult } from '../../plugin/probe.ts'

export type Question =
  | {
      readonly type: 'open'
      readonly id: number
      /** URL of the module that exports the probe. */
      readonly module: string
      readonly component: string
      readonly name: string
      readonly environment: Readonly<Record<string, string>>
      readonly timeoutMs: number
      /** As the schema of the probe gave them. */
      readonly properties: unknown
    }
  /** One attempt of the probe that the question `probe` opened. */
  | { readonly type: 'attempt'; readonly id: number; readonly probe: number }
  /** Ends the attempt that the question `id` asked for. */
  | { readonly type: 'abort'; readonly id: number; readonly reason: string }

/** To an `open` without a result; `error` in place of one where it failed. */
export interface Answer {
  readonly id: number
  readonly result?: ProbeResult
  readonly error?: string
}
