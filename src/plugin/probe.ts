/** Tries a system from outside, as a client would. */
import type { ProbeSubject } from '../model/run.ts'
import type { Definable } from './define.ts'
import type { Node } from './node.ts'

export interface ProbeContext {
  readonly name: string
  readonly node: Node
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds that one attempt may take. */
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly success: boolean
  /** Why it failed. */
  readonly error?: string
  /** How far it came: connect, send, receive, done. */
  readonly stage?: string
  /** Time of the attempt in ns, when the probe measures it better than its caller can. */
  readonly durationNs?: number
  /** More metrics, published as `probe_<name>`. */
  readonly values?: Readonly<Record<string, number>>
}

export interface Probe {
  /** One attempt; must end when the signal aborts. A throw is a failed attempt. */
  attempt(signal: AbortSignal): Promise<ProbeResult>
  close?(): Promise<void>
}

export interface ProbePlugin<P = unknown> extends Definable<P> {
  /** What it tries, in one string for people. */
  target(properties: P): string
  /** What it tries, so that the ladder finds the processes behind it. */
  subject(properties: P): ProbeSubject
  open(context: ProbeContext, properties: P): Promise<Probe>
}
