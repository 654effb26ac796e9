/** Thread snapshots to rows of `threads`. */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dumpParser } from '../../../plugin/file-dump.ts'
import { syscallTable, type SyscallTable } from '../../tracing/syscall-names.ts'
import { parseSyscall } from './syscall-state.ts'
import { timedWait, timeIn, type TimedWait } from './waits.ts'

/** USER_HZ is 100 on all machines that Linux has a 64-bit port to. */
const TICK_NS = 10_000_000n

/** Clocks of the node when the snapshot began; ns. */
interface Moment {
  takenNs: bigint | undefined
  clockOffsetNs: bigint
  uptimeNs: bigint | undefined
  /** The scheduler's clock, which se.exec_start is on. */
  schedNs: bigint | undefined
  table: SyscallTable
}

/** Parses dumps made by `threadSnapshot`, any number of them one after another. */
export function threadsParser(rows: RowSink): Parser {
  return dumpParser(rows, (sink) => {
    const moment: Moment = {
      takenNs: undefined,
      clockOffsetNs: 0n,
      uptimeNs: undefined,
      schedNs: undefined,
      table: syscallTable(''),
    }
    let process = { pid: 0, comm: '', commandLine: '' }
    let thread: { row: Row<'threads'>; wait: TimedWait | undefined } | undefined
    const flush = (): void => {
      if (thread !== undefined) sink.add('threads', thread.row)
      thread = undefined
    }
    return {
      file(path, text) {
        const match = /^\/proc\/(\d+)\/(?:task\/(\d+)\/)?(@?[a-z]+)$/.exec(path)
        if (match === null) {
          flush()
          return readMoment(moment, path, text)
        }
        const pid = Number(match[1])
        const name = match[3] ?? ''
        if (match[2] === undefined) {
          flush()
          process = { pid, comm: '', commandLine: commandLine(text) }
          return name === 'cmdline'
        }
        const tid = Number(match[2])
        if (name === 'stat') {
          flush()
          if (process.pid !== pid) process = { pid, comm: '', commandLine: '' }
          const stat = parseStat(text)
          if (stat === undefined) return false
          if (tid === pid) process.comm = stat.comm
          const row: Row<'threads'> = { pid, tid, ...stat, process: process.comm || null }
          row.command_line = process.commandLine
          if (moment.takenNs !== undefined) row.ts = moment.takenNs
          thread = { row, wait: undefined }
          return true
        }
        if (thread?.row.tid !== tid || thread.row.pid !== pid) return false
        if (name === 'syscall') {
          const state = parseSyscall(text, moment.table)
          if (state === undefined) return false
          thread.row.syscall = state.call
          if (state.args.length > 0) {
            thread.row.syscall_args = state.args.map((arg) => `0x${arg.toString(16)}`).join(' ')
          }
          thread.wait = timedWait(state.call, state.args)
          if (thread.wait?.type === 'length') thread.row.timeout_ns = thread.wait.ns
          return true
        }
        if (name === '@timeout') return readTimeout(thread.row, thread.wait, text, moment)
        return readDetail(thread.row, name, text, moment)
      },
      end: flush,
    }
  })
}

function readMoment(moment: Moment, path: string, text: string): boolean {
  switch (path) {
    case '@taken':
      if (!/^\d{1,19}$/.test(text)) return false
      moment.takenNs = BigInt(text)
      return true
    case '@clock-offset':
      if (!/^-?\d{1,19}(\.\d*)?$/.test(text)) return false
      moment.clockOffsetNs = BigInt(Math.round(Number(text)))
      return true
    case '@machine':
      moment.table = syscallTable(text)
      return true
    case '/proc/uptime':
      moment.uptimeNs = decimalNs(text, 9)
      return moment.uptimeNs !== undefined
    case '/proc/self/sched':
      moment.schedNs = execStart(text)
      return true
    default:
      return false
  }
}

function readDetail(row: Row<'threads'>, name: string, text: string, moment: Moment): boolean {
  switch (name) {
    case 'wchan':
      row.wchan = text === '0' ? '' : text
      return true
    case 'stack':
      row.kernel_stack = kernelStack(text)
      return true
    case 'status': {
      const [, voluntary] = /^voluntary_ctxt_switches:\s+(\d{1,19})$/m.exec(text) ?? []
      const [, involuntary] = /^nonvoluntary_ctxt_switches:\s+(\d{1,19})$/m.exec(text) ?? []
      if (voluntary === undefined || involuntary === undefined) return false
      row.voluntary_switches = BigInt(voluntary)
      row.involuntary_switches = BigInt(involuntary)
      return true
    }
    case 'schedstat': {
      const [, delay] = /^\d+ (\d{1,19}) \d+$/.exec(text) ?? []
      if (delay === undefined) return false
      row.run_delay_ns = BigInt(delay)
      return true
    }
    case 'sched': {
      const started = execStart(text)
      if (started === undefined) return false
      if (row.state === 'R' || moment.schedNs === undefined) return true
      // The clock differs a little between CPUs, so that a thread may seem to sleep since after now.
      row.waiting_ns = moment.schedNs > started ? moment.schedNs - started : 0n
      return true
    }
    default:
      return false
  }
}

function readTimeout(
  row: Row<'threads'>,
  wait: TimedWait | undefined,
  hex: string,
  { takenNs, clockOffsetNs, uptimeNs }: Moment,
): boolean {
  if (wait?.type !== 'pointer') return false
  const time = timeIn(Buffer.from(hex, 'hex'), wait.layout)
  if (time === undefined) return false
  if (wait.clock === 'duration') row.timeout_ns = time
  else if (wait.clock === 'realtime') row.deadline_ns = time - clockOffsetNs
  else if (takenNs !== undefined && uptimeNs !== undefined) row.deadline_ns = takenNs + (time - uptimeNs)
  return true
}

function parseStat(
  text: string,
): (Pick<Row<'threads'>, 'state' | 'user_ns' | 'system_ns'> & { comm: string }) | undefined {
  // The name may hold anything, also blanks, brackets and newlines.
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  const [state = '', user = '', system = ''] = [fields[0], fields[11], fields[12]]
  if (open < 0 || close < open || !/^[A-Za-z]$/.test(state)) return undefined
  if (!/^\d{1,15}$/.test(user) || !/^\d{1,15}$/.test(system)) return undefined
  return {
    comm: text.slice(open + 1, close),
    state,
    user_ns: BigInt(user) * TICK_NS,
    system_ns: BigInt(system) * TICK_NS,
  }
}

/** Function names, leaf first, without offsets and modules: `[<0>] ep_poll+0x2f0/0x3e0 [nfs]` is `ep_poll`. */
function kernelStack(text: string): string[] {
  const functions: string[] = []
  for (const line of text.split('\n')) {
    const [, name] = /^\[<[0-9a-f]+>\] ([A-Za-z_][^\s+]*)/.exec(line) ?? []
    if (name !== undefined) functions.push(name)
  }
  return functions
}

const commandLine = (text: string): string => text.replace(/\0+$/, '').replaceAll('\0', ' ')

const execStart = (text: string): bigint | undefined =>
  decimalNs(/^se\.exec_start\s*:\s*(\S+)$/m.exec(text)?.[1] ?? '', 6)

/** A decimal number whose unit is 10^digits ns, such as seconds (9) or milliseconds (6). */
function decimalNs(text: string, digits: number): bigint | undefined {
  const match = /^(\d{1,13})(?:\.(\d+))?/.exec(text)
  if (match === null) return undefined
  return BigInt((match[1] ?? '') + (match[2] ?? '').padEnd(digits, '0').slice(0, digits))
}
