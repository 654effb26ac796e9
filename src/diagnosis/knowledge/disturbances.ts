/**
 * What a rung of the ladder does to its target, beyond looking: so that a cure says something about the cause.
 *
 * `ptrace attach` and stop signals re-arm waits: man 2 ptrace, "EINTR from system calls after observed tracer attach";
 * drop_caches: Documentation/admin-guide/sysctl/vm.rst.
 */
import type { Tier } from '../../model/tier.ts'

export type DisturbanceEffect = 'rearm' | 'free-cache' | 'restart' | 'none' | 'unknown'

export interface Disturbance {
  readonly effect: DisturbanceEffect
  /** Completes `<rung> ...`. */
  readonly does: string
  /** Resources that it frees. */
  readonly frees?: readonly string[]
  /** Such as `ptrace attach`; how people name it. */
  readonly name: string
}

const BY_COLLECTOR: readonly (readonly [RegExp, Disturbance])[] = [
  [
    /strace|gdb|ptrace|ltrace/,
    {
      effect: 'rearm',
      name: 'ptrace attach',
      does: 'stops every thread for a moment, so that interrupted waits begin anew; some, like epoll_wait, return EINTR to the program',
    },
  ],
  [
    /sigstop|stop-?cont|freeze/,
    {
      effect: 'rearm',
      name: 'SIGSTOP and SIGCONT',
      does: 'stops and continues the process, so that interrupted waits begin anew',
    },
  ],
  [
    /drop-?cache/,
    {
      effect: 'free-cache',
      name: 'dropping caches',
      does: 'frees dentries, inodes and clean page cache that nobody uses',
      frees: ['dentry', 'inode', 'page-cache'],
    },
  ],
  [
    /restart|kill|remount|reload/,
    { effect: 'restart', name: 'a restart', does: 'begins anew with empty state' },
  ],
]

const BY_TIER: Readonly<Record<Tier, Disturbance>> = {
  read: { effect: 'none', name: 'reading', does: 'only reads' },
  sample: { effect: 'none', name: 'sampling', does: 'only samples' },
  trace: { effect: 'none', name: 'tracing', does: 'only traces' },
  stop: { effect: 'rearm', name: 'stopping the process', does: 'stops and continues the process' },
  change: { effect: 'unknown', name: 'the change', does: 'changes the host' },
}

/** What a rung does, by its collector's id, else by its tier. */
export function disturbanceOf(collector: string, tier: Tier): Disturbance {
  const passive = tier === 'read' || tier === 'sample' || tier === 'trace'
  const known = passive ? undefined : BY_COLLECTOR.find(([pattern]) => pattern.test(collector))?.[1]
  return known ?? BY_TIER[tier]
}
