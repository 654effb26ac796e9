/** The undo ledger: every effect outside the run directory is written to it before it is made. */

export type Effect =
  /** A file or directory that is ours to remove. */
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'mount'; readonly path: string }
  /** A value to write back, such as a sysctl or a tracefs switch. */
  | { readonly type: 'restore'; readonly path: string; readonly content: string }
  /** A process that was stopped with SIGSTOP and must be continued; `started` is field 22 of /proc/PID/stat. */
  | { readonly type: 'stopped'; readonly pid: number; readonly started: string }
  /** Every process whose environment has QUARRY_RUN=<run>. */
  | { readonly type: 'processes'; readonly run: string }
  /** A tracefs instance directory. */
  | { readonly type: 'tracefs-instance'; readonly path: string }

export interface UndoLedger {
  /** Records the effect before it is made; disposing undoes it and records that. */
  record(effect: Effect): Promise<AsyncDisposable>
}
