/** One look at all threads, as a dump of procfs files. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { dumpFiles, dumpOf } from '../../../plugin/file-dump.ts'
import type { FileView } from '../../../plugin/node.ts'
import { syscallTable, type SyscallTable } from '../../tracing/syscall-names.ts'
import { parseSyscall, type SyscallState } from './syscall-state.ts'
import { argumentTexts } from './texts.ts'
import { timedWait } from './waits.ts'

export interface SnapshotOptions {
  /** `uname -m` of the node. */
  readonly machine: string
  /** Processes whose threads are shown in full; of the others only those in state D. */
  readonly full: (pid: number) => boolean
  /** The controller's clock, ns since the epoch. */
  readonly now: () => bigint
  /** Node's clock minus the controller's, in ns. */
  readonly clockOffsetNs: number
}

const DETAILS = ['status', 'wchan', 'syscall', 'stack', 'schedstat'] as const
const CHUNK_CHARACTERS = 64 << 10

/**
 * Yields the dump in chunks, letting other work go on between them.
 *
 * The processes to be shown in full come last, after a second look at the clocks: by then the other threads have shown
 * how far the scheduler's clock of each CPU has come.
 */
export async function* threadSnapshot(
  files: FileView,
  { machine, full, now, clockOffsetNs }: SnapshotOptions,
): AsyncGenerator<Uint8Array> {
  const clocks = (): string => dumpOf('@taken', String(now())) + dumpFiles(files, ['/proc/uptime'])
  const table = syscallTable(machine)
  const pids = files.list('/proc').filter((name) => /^\d+$/.test(name))
  let chunk = clocks() + dumpOf('@clock-offset', String(clockOffsetNs)) + dumpOf('@machine', machine)
  for (const whole of [false, true]) {
    if (whole) chunk += clocks()
    for (const pid of pids) {
      if (full(Number(pid)) !== whole) continue
      chunk += dumpFiles(files, [`/proc/${pid}/cmdline`])
      for (const tid of files.list(`/proc/${pid}/task`))
        chunk += dumpThread(files, table, Number(pid), tid, whole)
      if (chunk.length < CHUNK_CHARACTERS) continue
      yield Buffer.from(chunk)
      chunk = ''
      await nextTurn()
    }
  }
  yield Buffer.from(chunk)
}

function dumpThread(files: FileView, table: SyscallTable, pid: number, tid: string, whole: boolean): string {
  const thread = `/proc/${pid}/task/${tid}`
  const stat = files.text(`${thread}/stat`)
  if (stat === undefined) return ''
  // Of some 50 lines only this one is of use: `grep -asHZ '^se.exec_start' FILE`.
  const [started] = /^se\.exec_start.*/m.exec(files.text(`${thread}/sched`) ?? '') ?? []
  const dump = dumpOf(`${thread}/stat`, stat) + dumpOf(`${thread}/sched`, started)
  if (!whole && !/\) D [^)]*$/.test(stat)) return dump
  return DETAILS.reduce((all, detail) => {
    const text = files.text(`${thread}/${detail}`)
    const state = detail === 'syscall' ? parseSyscall(text ?? '', table) : undefined
    const behind =
      state === undefined
        ? ''
        : dumpOf(`${thread}/@timeout`, timeoutOf(files, pid, state)) +
          dumpOf(`${thread}/@texts`, textsOf(files, pid, state))
    return all + dumpOf(`${thread}/${detail}`, text) + behind
  }, dump)
}

/** The 16 bytes of a timeout that lies in memory, in hexadecimal. */
function timeoutOf(files: FileView, pid: number, { call, args }: SyscallState): string | undefined {
  const wait = timedWait(call, args)
  if (wait?.type !== 'pointer') return undefined
  const bytes = files.memory?.(pid, wait.address, 16)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

/** Strings among the arguments, with their positions, as JSON. */
function textsOf(files: FileView, pid: number, { call, args }: SyscallState): string | undefined {
  const texts = argumentTexts(files, pid, call, args)
  return texts.length === 0 ? undefined : JSON.stringify(texts)
}
