/** What a run tells whoever watches it, as it happens. Renderers live with the command line and the server. */
import type { RunState } from '../model/run.ts'
import type { Tier } from '../model/tier.ts'

export type Progress = (event: ProgressEvent) => void

export type ProgressEvent =
  | {
      readonly type: 'run'
      readonly id: string
      readonly directory: string
      readonly expectedMs: number | null
    }
  | { readonly type: 'state'; readonly state: RunState }
  | {
      readonly type: 'module'
      readonly name: string
      readonly phase: string
      readonly what: 'began' | 'ended' | 'failed'
    }
  | {
      readonly type: 'symptom'
      readonly name: string
      /** `unknown`: its condition could not be evaluated yet. */
      readonly what: 'unknown' | 'healthy' | 'pending' | 'showing' | 'gone'
      readonly value: number | null
    }
  | {
      readonly type: 'probe'
      readonly name: string
      readonly success: boolean
      readonly durationMs: number
      readonly error: string
    }
  | {
      readonly type: 'climb'
      readonly capture: string
      readonly what: 'began' | 'ended'
      readonly rungs: number
    }
  | {
      readonly type: 'rung'
      readonly capture: string
      readonly collector: string
      readonly tier: Tier
      readonly what: 'began' | 'ended'
      readonly status?: string
      readonly detail?: string
      readonly symptomAfter?: boolean | null
    }
  | { readonly type: 'note'; readonly text: string }
