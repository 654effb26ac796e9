/** Who is involved in the symptom: the processes that the ladder looked at, and what the probes run. */
import type { Case } from './case.ts'

/** The kernel keeps 15 bytes of a command's name (TASK_COMM_LEN). */
const COMM_BYTES = 15

/** Whether a command name is that of a target, or a program that a sick probe runs. */
export function isInvolved(the: Case, comm: string): boolean {
  return the.targets.some((target) => target.comm === comm) || probePrograms(the).has(comm)
}

/**
 * Whether what a command does can explain the symptom. When the symptom is about probes whose servers or programs are
 * known, only they can; else anybody on the host may.
 */
export const isRelevant = (the: Case, comm: string): boolean =>
  isInvolved(the, comm) || (the.targets.length === 0 && probePrograms(the).size === 0)

/** Command names of the programs in the command lines of the symptom's probes. */
function probePrograms(the: Case): ReadonlySet<string> {
  const names = new Set<string>()
  for (const probe of the.record.probes) {
    if (!(the.symptom?.probes.includes(probe.name) ?? false) || probe.subject.type !== 'command') continue
    for (const word of probe.subject.command.split(/[\s;&|()<>'"]+/)) {
      const name = word.split('/').at(-1) ?? ''
      if (/^[\w.+-]+$/.test(name)) names.add(name.slice(0, COMM_BYTES))
    }
  }
  return names
}

/** Kernel threads that do what others asked for: what they write, somebody else made dirty (Documentation/core-api/workqueue.rst). */
export const worksForOthers = (comm: string): boolean => /^(kworker|kswapd|jbd2|ksoftirqd|flush-)/.test(comm)

/**
 * Commands of the observer itself: this process, its tools, and what they start. They are in the evidence because they
 * ran, not because they matter.
 */
const OBSERVERS =
  /^(quarry|bpftrace|perf|strace|gdb|tcpdump|ss|slabtop|jstack|trace-cmd|blktrace|blkparse|iostat|pidstat|node-Worker.*|DelayedTaskSche.*)$/

export const isObserver = (comm: string): boolean => OBSERVERS.test(comm)
