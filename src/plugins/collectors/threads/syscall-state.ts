/** `/proc/PID/task/TID/syscall`: the system call that a thread is blocked in. */
import type { SyscallTable } from '../../tracing/syscall-names.ts'

export interface SyscallState {
  /** Name of the call; `running` on a CPU, empty when blocked outside of any call. */
  readonly call: string
  readonly args: readonly bigint[]
}

/** `running`, `-1 SP PC`, or `NUMBER ARG*6 SP PC`; `undefined` when it is none of these. */
export function parseSyscall(text: string, table: SyscallTable): SyscallState | undefined {
  const words = text.trim().split(/\s+/)
  const [first = ''] = words
  if (first === 'running') return { call: 'running', args: [] }
  if (first === '-1') return { call: '', args: [] }
  const args = words.slice(1, 7)
  if (!/^\d+$/.test(first) || args.length < 6 || args.some((word) => !/^0x[0-9a-f]{1,16}$/.test(word))) {
    return undefined
  }
  return { call: table.name(Number(first)), args: args.map(BigInt) }
}
