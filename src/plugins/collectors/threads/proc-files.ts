/** Single files of a thread in procfs (proc_pid_stat(5), proc_pid_stack(5)). */
import type { Row } from '../../../model/tables.ts'

/** USER_HZ is 100 on all machines that Linux has a 64-bit port to. */
const TICK_NS = 10_000_000n

type ThreadStat = Pick<Row<'threads'>, 'comm' | 'state' | 'user_ns' | 'system_ns'>

/** `PID (NAME) STATE ...`; `undefined` when it is cut or is none. */
export function parseStat(
  text: string,
): { readonly row: ThreadStat; readonly comm: string; readonly cpu: number | undefined } | undefined {
  // The name may hold anything, also blanks, brackets and newlines.
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  const [state = '', user = '', system = '', cpu] = [fields[0], fields[11], fields[12], fields[36]]
  if (open < 0 || close < open || !/^[A-Za-z]$/.test(state)) return undefined
  if (!/^\d{1,15}$/.test(user) || !/^\d{1,15}$/.test(system)) return undefined
  const comm = text.slice(open + 1, close)
  const row = { comm, state, user_ns: BigInt(user) * TICK_NS, system_ns: BigInt(system) * TICK_NS }
  return { row, comm, cpu: cpu === undefined ? undefined : Number(cpu) }
}

/** Function names, leaf first, without offsets and modules: `[<0>] ep_poll+0x2f0/0x3e0 [nfs]` is `ep_poll`. */
export function kernelStack(text: string): string[] {
  const functions: string[] = []
  for (const line of text.split('\n')) {
    const [, name] = /^\[<[0-9a-f]+>\] ([A-Za-z_][^\s+]*)/.exec(line) ?? []
    if (name !== undefined) functions.push(name)
  }
  return functions
}

/** Arguments as one line. A process that renames itself may leave a million NULs behind them. */
export function commandLine(text: string): string {
  let end = text.length
  while (text.charCodeAt(end - 1) === 0) end--
  return text.slice(0, end).replaceAll('\0', ' ')
}

/** `se.exec_start` of /proc/PID/sched in ns: when the scheduler last looked at the thread on a CPU. */
export const execStart = (text: string): bigint | undefined =>
  decimalNs(/^se\.exec_start\s*:\s*(\S+)$/m.exec(text)?.[1] ?? '', 6)

/** A decimal number whose unit is 10^digits ns, such as seconds (9) or milliseconds (6). */
export function decimalNs(text: string, digits: number): bigint | undefined {
  const match = /^(\d{1,13})(?:\.(\d+))?/.exec(text)
  if (match === null) return undefined
  return BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(digits, '0').slice(0, digits))
}
