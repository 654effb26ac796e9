/** What the kernel reports of itself when something is wrong. */

/** Kinds of reports, and what each means in words. */
export const reportKinds = {
  panic: 'kernel panic',
  oops: 'fault in the kernel',
  bug: 'kernel bug',
  warning: 'kernel warning',
  'soft-lockup': 'CPU that did not schedule',
  'hard-lockup': 'CPU that took no interrupts',
  'hung-task': 'task that was blocked for too long',
  'rcu-stall': 'CPU or task that held up RCU',
  'workqueue-lockup': 'work queue that made no progress',
  'out-of-memory': 'process killed for want of memory',
  'allocation-failure': 'allocation that failed',
  kasan: 'bad memory access found by KASAN',
  kmsan: 'use of uninitialised memory found by KMSAN',
  kcsan: 'data race found by KCSAN',
  kfence: 'bad memory access found by KFENCE',
  ubsan: 'undefined behaviour found by UBSAN',
  lockdep: 'locking rule broken, found by lockdep',
  'atomic-sleep': 'sleep where none is allowed',
  'bad-page': 'page in an impossible state',
  'list-corruption': 'corrupted list',
  refcount: 'reference count gone wrong',
  'stack-overflow': 'kernel stack overrun',
  'memory-leak': 'memory leak found by kmemleak',
  'device-leak': 'network device that is never let go',
  'io-error': 'error of a block device',
  'file-system': 'error of a file system',
  'machine-check': 'hardware error',
  'user-fault': 'program ended by a fault',
  reboot: 'kernel started anew',
} as const satisfies Record<string, string>

export type ReportKind = keyof typeof reportKinds

export interface KernelReport {
  readonly kind: ReportKind
  /**
   * Kind and function, the way syzkaller titles kernel bugs: without addresses, CPUs, process ids and figures, so that two
   * reports of one bug have one title. Without the function where that was lost; then `corrupted` is set.
   */
  readonly title: string
  /** The first function of the stack that is no messenger; null when none was printed, or the kind has none. */
  readonly function: string | null
  readonly cpu: number | null
  /** The task that the report is about, or that was running. */
  readonly task: { readonly comm: string; readonly pid: number } | null
  /** Seconds since boot at its first line; null when the text has no times. */
  readonly seconds: number | null
  /** Line of the console, or record among the records, at which it begins, from 0. */
  readonly firstLine: number
  /** Its lines without prefixes, at most 16,000 UTF-16 units. */
  readonly text: string
  /** Whether the kernel ended with it. */
  readonly fatal: boolean
  /** Whether something of it is missing, or lines of another report are mixed in. */
  readonly corrupted: boolean
}
