/** The operation history: what each module tried and how it went, in order of time. */
import type { Clock } from '../base/clock.ts'
import type { Operation } from '../plugin/checker.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import type { Secrets } from './secrets.ts'

export interface History {
  readonly operations: readonly Operation[]
  add(operation: Omit<Operation, 'ts'>): void
}

/** A history that is appended to history.jsonl and to the `operations` table as it grows. */
export function openHistory(directory: RunDirectory, clock: Clock, rows: RowSink, secrets: Secrets): History {
  const operations: Operation[] = []
  return {
    operations,
    add: (operation) => {
      const ts = clock.now()
      operations.push({ ts, ...operation })
      directory.append('history.jsonl', { ts: String(ts), ...operation })
      const { process, kind, value, phase } = operation
      rows.add('operations', { ts, process, kind, value: secrets.mask(JSON.stringify(value ?? null)), phase })
    },
  }
}
