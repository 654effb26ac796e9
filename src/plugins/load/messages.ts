/** What a module tells the program that makes the load on a node, and what that tells, as lines of JSON. */
import type { ClientOperation } from '../../plugin/checker.ts'
import type { EtcdSettings } from './etcd-client.ts'
import type { HttpSettings } from './http-client.ts'
import type { KeyValueSettings } from './key-value.ts'
import type { RedisSettings } from './redis-client.ts'
import type { SqlSettings } from './sql-client.ts'

export type Protocol =
  | ({ readonly protocol: 'http' } & HttpSettings)
  | ({ readonly protocol: 'sql' } & SqlSettings)
  | { readonly protocol: 'redis'; readonly redis: RedisSettings; readonly keyValue: KeyValueSettings }
  | { readonly protocol: 'etcd'; readonly etcd: EtcdSettings; readonly keyValue: KeyValueSettings }

/** The part of a load that one node makes. Times in ms. */
export interface LoadPlan {
  readonly protocol: Protocol
  /** `host:port` or URL; clients take turns. */
  readonly targets: readonly string[]
  readonly clients: number
  /** Number of the first client among those of all nodes. */
  readonly firstClient: number
  readonly allClients: number
  /** Operations per second of this node; without it each client goes on as soon as it has an answer. */
  readonly rate: number | null
  readonly durationMs: number | null
  readonly operations: number | null
  readonly warmupMs: number
  readonly timeoutMs: number
  readonly connectMs: number
  readonly intervalMs: number
  readonly history: boolean
}

export const outcomes = ['ok', 'mismatch', 'error', 'timeout'] as const
export type LoadOutcome = (typeof outcomes)[number]

/** Operations of one kind that ended alike. */
export interface SeriesReport {
  readonly kind: string
  readonly outcome: LoadOutcome
  /** Since the load began, without those of the warm-up. */
  readonly total: number
  /** Latencies of this interval, seconds by quantile; empty when there were no operations. */
  readonly quantiles: Readonly<Record<string, number>>
}

export interface SeriesSummary {
  readonly kind: string
  readonly outcome: LoadOutcome
  /** Latencies in ns: an HdrHistogram, compressed, in base 64. */
  readonly histogram: string
}

export interface ErrorCount {
  readonly code: string
  readonly count: number
  readonly example: string
}

export type LoadMessage =
  /** The servers answer, and the load begins. `bootId` tells whose monotonic clock the times are of. */
  | { readonly type: 'began'; readonly bootId: string }
  /** Nothing answered until the deadline. */
  | { readonly type: 'unreachable'; readonly code: string; readonly message: string }
  /** Lines of an HdrHistogram log. */
  | { readonly type: 'log'; readonly text: string }
  | { readonly type: 'interval'; readonly series: readonly SeriesReport[] }
  /** What clients did, at times of the monotonic clock in ns. */
  | {
      readonly type: 'history'
      readonly operations: readonly (readonly [
        kind: 'invoke' | 'ok' | 'fail' | 'info',
        ns: string,
        value: ClientOperation,
      ])[]
    }
  | {
      readonly type: 'ended'
      /** Time without the warm-up. */
      readonly seconds: number
      readonly series: readonly SeriesSummary[]
      readonly errors: readonly ErrorCount[]
    }
