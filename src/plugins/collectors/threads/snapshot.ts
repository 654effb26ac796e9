/** One look at all threads, as a dump of procfs files. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { dumpFiles, dumpOf } from '../../../plugin/file-dump.ts'
import type { FileView } from '../../../plugin/node.ts'
import { syscallTable } from '../../tracing/syscall-names.ts'
import { parseSyscall } from './syscall-state.ts'
import { timedWait } from './waits.ts'

export interface SnapshotOptions {
  /** `uname -m` of the node. */
  readonly machine: string
  /** Processes whose threads are shown in full; of the others only those in state D. */
  readonly full: (pid: number) => boolean
  /** ns since the epoch, on the controller's clock. */
  readonly takenNs: bigint
  /** Node's clock minus the controller's, in ns. */
  readonly clockOffsetNs: number
}

const DETAILS = ['status', 'wchan', 'syscall', 'stack', 'schedstat', 'sched'] as const
const CHUNK_CHARACTERS = 64 << 10

/** Yields the dump in chunks, letting other work go on between them. */
export async function* threadSnapshot(
  files: FileView,
  { machine, full, takenNs, clockOffsetNs }: SnapshotOptions,
): AsyncGenerator<Uint8Array> {
  let chunk =
    dumpOf('@taken', String(takenNs)) +
    dumpOf('@clock-offset', String(clockOffsetNs)) +
    dumpOf('@machine', machine) +
    dumpFiles(files, ['/proc/uptime', '/proc/self/sched'])
  const table = syscallTable(machine)
  for (const name of files.list('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const whole = full(Number(name))
    chunk += dumpFiles(files, [`/proc/${name}/cmdline`])
    for (const tid of files.list(`/proc/${name}/task`)) {
      const thread = `/proc/${name}/task/${tid}`
      const stat = files.text(`${thread}/stat`)
      if (stat === undefined) continue
      chunk += dumpOf(`${thread}/stat`, stat)
      if (!whole && !/\) D [^)]*$/.test(stat)) continue
      for (const detail of DETAILS) {
        const text = files.text(`${thread}/${detail}`)
        chunk += dumpOf(`${thread}/${detail}`, text)
        if (detail !== 'syscall' || text === undefined) continue
        const state = parseSyscall(text, table)
        const wait = state === undefined ? undefined : timedWait(state.call, state.args)
        if (wait?.type !== 'pointer') continue
        const bytes = files.memory?.(Number(name), wait.address, 16)
        if (bytes !== undefined) chunk += dumpOf(`${thread}/@timeout`, Buffer.from(bytes).toString('hex'))
      }
    }
    if (chunk.length < CHUNK_CHARACTERS) continue
    yield Buffer.from(chunk)
    chunk = ''
    await nextTurn()
  }
  yield Buffer.from(chunk)
}
