/** Thread snapshots to rows of `threads`, and of `syscalls` for calls that are in flight and were given texts. */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dumpParser } from '../../../plugin/file-dump.ts'
import { syscallTable, type SyscallTable } from '../../tracing/syscall-names.ts'
import { commandLine, decimalNs, execStart, kernelStack, parseStat } from './proc-files.ts'
import { parseSyscall, type SyscallState } from './syscall-state.ts'
import { shownArguments, textsIn, type ArgumentText } from './texts.ts'
import { timedWait, timeIn, type TimedWait } from './waits.ts'

/** Clocks of the node when the snapshot began; ns. */
interface Moment {
  takenNs: bigint | undefined
  clockOffsetNs: bigint
  uptimeNs: bigint | undefined
  /**
   * How far the scheduler's clock of each CPU has come, as far as threads have shown. These clocks leave out interrupts
   * and stolen time, so that they drift apart and can be compared on one CPU only (update_rq_clock_task).
   */
  readonly schedNs: Map<number, bigint>
  table: SyscallTable
}

interface PendingThread {
  readonly row: Row<'threads'>
  readonly cpu: number | undefined
  wait: TimedWait | undefined
  state: SyscallState | undefined
  texts: readonly ArgumentText[]
}

/** Parses dumps made by `threadSnapshot`, any number of them one after another. */
export function threadsParser(rows: RowSink): Parser {
  return dumpParser(rows, (sink) => {
    const moment: Moment = {
      takenNs: undefined,
      clockOffsetNs: 0n,
      uptimeNs: undefined,
      schedNs: new Map(),
      table: syscallTable(''),
    }
    let process = { pid: 0, comm: '', commandLine: '' }
    let thread: PendingThread | undefined
    const flush = (): void => {
      if (thread !== undefined) {
        sink.add('threads', thread.row)
        const call = callOf(thread)
        if (call !== undefined) sink.add('syscalls', call)
      }
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
          const row: Row<'threads'> = { pid, tid, ...stat.row, process: process.comm || null }
          row.command_line = process.commandLine
          if (moment.takenNs !== undefined) row.ts = moment.takenNs
          thread = { row, cpu: stat.cpu, wait: undefined, state: undefined, texts: [] }
          return true
        }
        if (thread?.row.tid !== tid || thread.row.pid !== pid) return false
        if (name === 'syscall') {
          const state = parseSyscall(text, moment.table)
          if (state === undefined) return false
          thread.state = state
          thread.row.syscall = state.call
          if (state.args.length > 0) {
            thread.row.syscall_args = state.args.map((arg) => `0x${arg.toString(16)}`).join(' ')
          }
          thread.wait = timedWait(state.call, state.args)
          if (thread.wait?.type === 'length') thread.row.timeout_ns = thread.wait.ns
          return true
        }
        if (name === '@texts') {
          thread.texts = textsIn(text) ?? []
          return thread.texts.length > 0
        }
        if (name === '@timeout') return readTimeout(thread, text, moment)
        if (name === 'sched') return readSched(thread, text, moment)
        return readDetail(thread.row, name, text)
      },
      end: flush,
    }
  })
}

/** A call that has not returned, and has lasted at least for as long as the thread was on no CPU. */
function callOf({ row, state, texts }: PendingThread): Row<'syscalls'> | undefined {
  if (state === undefined || texts.length === 0) return undefined
  return {
    ...(row.ts === undefined ? {} : { ts: row.ts }),
    pid: row.pid ?? null,
    tid: row.tid ?? null,
    comm: row.comm ?? null,
    call: state.call,
    ...shownArguments(state.call, state.args, texts),
    duration_ns: row.waiting_ns ?? null,
    count: 1,
    finished: false,
  }
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
    default:
      return false
  }
}

function readDetail(row: Row<'threads'>, name: string, text: string): boolean {
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
    default:
      return false
  }
}

/** The wait is at least as long as the CPU's clock is past the time at which the thread last was on it. */
function readSched({ row, cpu }: PendingThread, text: string, { schedNs }: Moment): boolean {
  const started = execStart(text)
  if (started === undefined) return false
  if (cpu === undefined) return true
  const latest = schedNs.get(cpu) ?? started
  if (started >= latest) schedNs.set(cpu, started)
  if (row.state !== 'R') row.waiting_ns = started < latest ? latest - started : 0n
  return true
}

function readTimeout(
  { row, wait }: PendingThread,
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
