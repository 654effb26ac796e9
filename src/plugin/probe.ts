/** Tries a system from outside, as a client would. */
import type { Duplex } from 'node:stream'
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

export type StreamDestination =
  | { readonly protocol: 'tcp'; readonly host: string; readonly port: number }
  | { readonly protocol: 'unix'; readonly path: string }

export type Destination =
  | StreamDestination
  | { readonly protocol: 'udp'; readonly host: string; readonly port: number }

/**
 * Opens a connection from another machine. Like a socket of `node:net` it emits `connect`, fails with the code of a system
 * error, and is destroyed when the signal aborts. A datagram is a chunk.
 */
export type Dial = (to: Destination, signal: AbortSignal) => Duplex

/** What a probe is handed that uses the network of the process that opens it, and nothing else of a node. */
export type NetworkProbeContext = Omit<ProbeContext, 'node'> & {
  /** To be used in place of sockets of its own, where connections are made on another machine. */
  readonly dial?: Dial
}

interface Tries<P> extends Definable<P> {
  /** What it tries, in one string for people. */
  target(properties: P): string
  /** What it tries, so that the ladder finds the processes behind it. */
  subject(properties: P): ProbeSubject
}

/** Tries through the node: a command there, a file there. */
export interface NodeProbePlugin<P> extends Tries<P> {
  readonly module?: undefined
  open(context: ProbeContext, properties: P): Promise<Probe>
}

/** Tries from the network that it is opened in; on a node with another network than this process', in a process there. */
export interface NetworkProbePlugin<P> extends Tries<P> {
  /** `import.meta.url` of the module that exports it by default, alone or in a list. Its properties are plain JSON. */
  readonly module: string
  /** All its connections are made with the `dial` of its context, where there is one. */
  readonly dials?: true
  open(context: NetworkProbeContext, properties: P): Promise<Probe>
}

export type ProbePlugin<P = unknown> = NodeProbePlugin<P> | NetworkProbePlugin<P>
