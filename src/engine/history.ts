/** The operation history: what each module tried and how it went, in order of time. */
import type { Clock } from '../base/clock.ts'
import type { Operation } from '../plugin/checker.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import type { Secrets } from './secrets.ts'

export interface History {
  readonly operations: readonly Operation[]
  /** Adds it as of now, or at a time that has passed. */
  add(operation: Omit<Operation, 'ts'>, ts?: bigint): void
}

/** A history that is appended to history.jsonl and to the `operations` table as it grows. */
export function openHistory(directory: RunDirectory, clock: Clock, rows: RowSink, secrets: Secrets): History {
  const operations: Operation[] = []
  return {
    operations,
    add: (operation, ts = clock.now()) => {
      const before = operations.findLastIndex((one) => one.ts <= ts)
      operations.splice(before + 1, 0, { ts, ...operation })
      directory.append('history.jsonl', { ts: String(ts), ...operation })
      const { process, kind, value, phase } = operation
      rows.add('operations', { ts, process, kind, value: secrets.mask(JSON.stringify(value ?? null)), phase })
    },
  }
}
