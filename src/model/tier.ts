/**
 * How much a collector disturbs what it looks at, in the order in which the ladder is climbed.
 *
 * - `read`: procfs, sysfs and the like. Wakes nobody.
 * - `sample`: a profiler or thread dump. Wakes nobody.
 * - `trace`: bpftrace, ftrace, packet capture. Wakes nobody.
 * - `stop`: ptrace and SIGSTOP/SIGCONT. Every wait of the target is re-armed by the kernel (man 2 ptrace, "EINTR").
 * - `change`: alters the host (drops caches, restarts a neighbour); only where the definition allows it.
 */
export const tiers = ['read', 'sample', 'trace', 'stop', 'change'] as const
export type Tier = (typeof tiers)[number]

/** Negative when `a` disturbs less than `b`. */
export const compareTiers = (a: Tier, b: Tier): number => tiers.indexOf(a) - tiers.indexOf(b)
