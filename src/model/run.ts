/** What run.json holds. Times are ns since the epoch as decimal strings, because JSON has no 64-bit integers. */
import type { Finding, NotLookedAt } from './finding.ts'
import type { Tier } from './tier.ts'
import type { Verdict } from './verdict.ts'

export type Nanos = string

export const runStates = [
  'created',
  'setting-up',
  'running',
  'capturing',
  'holding',
  'collecting',
  'tearing-down',
  'checking',
  'diagnosing',
  'ended',
] as const
export type RunState = (typeof runStates)[number]

/** What a probe looks at: how the ladder finds the processes to look at. */
export type ProbeSubject =
  | { readonly type: 'command'; readonly command: string }
  | { readonly type: 'socket'; readonly protocol: 'tcp' | 'udp' | 'unix'; readonly address: string }
  | { readonly type: 'file'; readonly path: string }

export interface ProbeRecord {
  readonly name: string
  readonly kind: string
  readonly group: string
  /** The node that it is tried from, or `controller`; records of older versions lack it. */
  readonly from?: string
  readonly target: string
  readonly subject: ProbeSubject
  readonly everyMs: number
  readonly timeoutMs: number
}

/** A process that the ladder looked at, and why it was chosen. */
export interface Target {
  readonly node: string
  readonly pid: number
  readonly comm: string
  readonly commandLine: string
  readonly why: string
  /** The node in whose network it is, where nodes of its host have networks of their own and it is in one of them. */
  readonly network?: string
}

export interface SymptomRecord {
  readonly name: string
  readonly when: string
  readonly from: Nanos
  /** Null while it lasted until the end of the run. */
  readonly to: Nanos | null
  readonly expected: boolean
  /** Labels and value of what satisfied the condition, as first seen. */
  readonly series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
  readonly probes: readonly string[]
  /** Collector whose rung ended it, or null. */
  readonly curedBy: string | null
}

export const rungStatuses = ['ok', 'missing', 'failed', 'timeout', 'skipped'] as const

/** One collector's turn in a climb. */
export interface RungRecord {
  readonly collector: string
  readonly tier: Tier
  readonly node: string
  readonly from: Nanos
  readonly to: Nanos
  readonly status: (typeof rungStatuses)[number]
  /** Why it is not `ok`. */
  readonly why?: string
  readonly remedy?: string
  readonly rows: number
  /** Lines of raw output that could not be parsed; they are kept in the raw file. */
  readonly badLines: number
  /** CPU time that the collector took, in ns. */
  readonly costCpuNs: number
  /** Whether the symptom was there before and after; null on a reference. */
  readonly symptomBefore: boolean | null
  readonly symptomAfter: boolean | null
  /** Paths below `evidence/raw/`. */
  readonly raw: readonly string[]
}

export const captureRoles = ['reference', 'sick', 'cured'] as const
export type CaptureRole = (typeof captureRoles)[number]

/** One climb of the ladder: on the reference, on the sick system, or after a cure. */
export interface CaptureRecord {
  /** Such as `reference-1`, `sick-1`; value of the `capture` column. */
  readonly id: string
  readonly role: CaptureRole
  readonly symptom: string | null
  readonly from: Nanos
  readonly to: Nanos | null
  readonly targets: readonly Target[]
  readonly rungs: readonly RungRecord[]
}

export interface CheckRecord {
  readonly name: string
  readonly checker: string
  readonly verdict: Verdict
  readonly message: string
}

export interface PhaseRecord {
  readonly name: string
  readonly from: Nanos
  readonly to: Nanos | null
  readonly ok: boolean
}

export interface RunRecord {
  readonly version: 1
  readonly id: string
  readonly definition: string
  readonly description?: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly state: RunState
  /** When each state was entered, in order. */
  readonly states: readonly { readonly state: RunState; readonly at: Nanos }[]
  readonly verdict: Verdict | null
  /** State in which it first failed, or null. */
  readonly failedDuring: RunState | null
  readonly errors: readonly { readonly state: RunState; readonly message: string; readonly remedy?: string }[]
  /** True when the run was aborted, or its process died, before the end. */
  readonly partial: boolean
  /** Why it was stopped from outside, or by its timeout; absent for one that went on to its end. */
  readonly aborted?: string
  readonly nodes: readonly {
    readonly name: string
    readonly group: string
    readonly ordinal: number
    readonly clockOffsetNs: number
    /** Nodes with the same value share a kernel and its processes. */
    readonly host?: string
  }[]
  readonly phases: readonly PhaseRecord[]
  readonly probes: readonly ProbeRecord[]
  /** Names of the symptoms that the definition watches for; records of older versions lack it. */
  readonly watchedFor?: readonly string[]
  readonly symptoms: readonly SymptomRecord[]
  /** Those that no series could judge, once the run was checked; records of older versions lack it. */
  readonly unjudged?: readonly string[]
  readonly captures: readonly CaptureRecord[]
  readonly checks: readonly CheckRecord[]
  readonly notLookedAt: readonly NotLookedAt[]
  /** Cost of observation: CPU time of this process and its collectors. */
  readonly cost: { readonly observerCpuNs: number; readonly wallNs: number }
  readonly host: string
  /** Release of the kernel of `host`, the controller; records of older versions lack it. */
  readonly kernel?: string
  readonly quarry: string
}

/** What `--json` prints of a run, and findings.json holds beside it. */
export interface RunResult {
  readonly verdict: Verdict
  readonly run: string
  readonly directory: string
  readonly answer: string
  /** Names of the symptoms that were watched for, and those that showed. */
  readonly watchedFor?: readonly string[]
  readonly symptoms: readonly { name: string; from: Nanos; to: Nanos | null; curedBy: string | null }[]
  readonly checks: readonly CheckRecord[]
  readonly findings: readonly Finding[]
  readonly notLookedAt: readonly NotLookedAt[]
}
