/**
 * The expanded definition: what the loader makes of the YAML text, after templates, links and defaults.
 *
 * Durations are milliseconds. Properties are already parsed by the schema of their component.
 */
import type { FileSpec } from './file-spec.ts'
import type { RunLevel } from './run-level.ts'
import type { Tier } from './tier.ts'

/** The symptom that no definition defines: a virtual machine of the run died. */
export const MACHINE_DIED = 'machine-died'

/** A component with its parsed properties. `properties` has the type that the component's own schema gives. */
export interface ComponentUse {
  /** Name given in the definition; unique among its kind. */
  readonly name: string
  /** Id of the component. */
  readonly component: string
  readonly properties: unknown
  /** The properties as given, when they hold references that only a run can resolve; they are then parsed once more. */
  readonly unresolved?: unknown
}

export interface NodeGroupSpec {
  readonly name: string
  /** Other names it goes by, such as `client` for a linked group. */
  readonly aliases: readonly string[]
  readonly nodeCount: number
  readonly provisioner: ComponentUse
  /** Configuration managers, in the order in which they work; `noop` is left out. */
  readonly managers: readonly ComponentUse[]
  /** Level at which the workload finds it, and the one that it is left at. */
  readonly launchLevel: RunLevel
  readonly finalLevel: RunLevel
  /** It is kept as it is when the run ends, for a later run that names it. */
  readonly reuse: boolean
  /** The name by which a later run finds it, if the definition gives one. */
  readonly cluster?: string
}

/** A group without managers that lives as long as its run. */
export const bareGroup = {
  managers: [],
  launchLevel: 'STARTED_SERVICES_RUNNING',
  finalLevel: 'DESTROYED',
  reuse: false,
} as const satisfies Partial<NodeGroupSpec>

/** Phases run one after another; the steps of one phase together. */
export interface Phase {
  readonly steps: readonly Step[]
}

/** A step is a module, or a nested list of phases. */
export type Step =
  | {
      readonly type: 'module'
      readonly use: ComponentUse
      readonly lifetime: Lifetime
      readonly timeoutMs?: number
    }
  | { readonly type: 'phases'; readonly name: string; readonly phases: readonly Phase[] }

/** `run_once` ends by itself; `run_to_end_of_phase` goes on until its siblings that run once have ended. */
export const lifetimes = ['run_once', 'run_to_end_of_phase'] as const
export type Lifetime = (typeof lifetimes)[number]

export interface ProbeUse extends ComponentUse {
  /** Node group it is tried from. */
  readonly group: string
  /** Whether the definition names the group: without, what needs no node is tried from the controller. */
  readonly namesGroup: boolean
  readonly everyMs: number
  readonly timeoutMs: number
}

export const symptomActions = ['capture', 'stop', 'continue', 'hold'] as const
export type SymptomAction = (typeof symptomActions)[number]

export interface SymptomSpec {
  readonly name: string
  /** PromQL condition; it holds while it gives a non-empty vector or a scalar that is not 0. */
  readonly when: string
  /** How long the condition must hold without a gap. */
  readonly forMs: number
  readonly then: readonly SymptomAction[]
  /** An expected symptom does not fail the run. */
  readonly expected: boolean
  /** URL of a Prometheus server whose series the condition is about, instead of the run's own. */
  readonly source?: string
}

export const references = ['healthy-window', 'peers', 'passing-runs', 'none'] as const
export type Reference = (typeof references)[number]

export interface EvidenceSpec {
  readonly reference: Reference
  /** When the healthy window is captured: this long after the workload began. */
  readonly referenceAfterMs: number
  /** Rungs by collector id, or `default`. */
  readonly ladder: 'default' | readonly ComponentUse[]
  /** Highest tier that may be climbed. `change` must be allowed by the definition. */
  readonly allow: readonly Tier[]
  /** Time that each observing rung (`sample`, `trace`, `stop`) looks. */
  readonly windowMs: number
  /** A rung that takes longer than this is ended. */
  readonly rungTimeoutMs: number
  /** Extra processes to look at: pids, or regular expressions over the command line. */
  readonly targets: readonly (number | string)[]
}

export interface Definition {
  readonly file: string
  readonly description?: string
  readonly groups: readonly NodeGroupSpec[]
  /** Files that are made on the controller before anything else. */
  readonly localFiles: readonly FileSpec[]
  /** The group that has the list of them, where it is not the ensemble. */
  readonly localFilesGroup?: string
  readonly phases: readonly Phase[]
  readonly checkers: readonly ComponentUse[]
  readonly artifactCheckers: readonly ComponentUse[]
  readonly observe: {
    readonly everyMs: number
    readonly samplers: readonly ComponentUse[]
    readonly probes: readonly ProbeUse[]
  }
  readonly symptoms: readonly SymptomSpec[]
  readonly evidence: EvidenceSpec
  /** The whole run is aborted after this time: 24 hours unless said otherwise, and never for a watch (`Infinity`). */
  readonly timeoutMs: number
  /** The `hunt` section as `huntSection` gives it, and the raw `schedule`. */
  readonly hunt?: unknown
  readonly schedule?: string
  /** Values of the template parameters that were used. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** The text before and after templates. */
  readonly text: { readonly source: string; readonly expanded: string }
}
