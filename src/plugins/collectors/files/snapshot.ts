/** Open files of some processes, as a dump of procfs files. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { dumpFiles, dumpLink, dumpOf } from '../../../plugin/file-dump.ts'
import type { FileView } from '../../../plugin/node.ts'

const CHUNK_CHARACTERS = 64 << 10
/** An fdinfo lists every watch of an epoll set or inotify instance: of more than this the rest is left out. */
const LONGEST_INFO = 4 << 20

export interface OpenFilesOptions {
  readonly pids: readonly number[]
  /** `uname -m` of the node. */
  readonly machine: string
  /** ns since the epoch, on the controller's clock. */
  readonly takenNs: bigint
  /** Descriptors of one process that are shown, the lowest first. */
  readonly most: number
  /** Told of what was left out. */
  readonly note: (sentence: string) => void
}

/** Yields the dump in chunks, letting other work go on between them. */
export async function* openFiles(
  files: FileView,
  { pids, machine, takenNs, most, note }: OpenFilesOptions,
): AsyncGenerator<Uint8Array> {
  let chunk = dumpOf('@taken', String(takenNs)) + dumpOf('@machine', machine)
  for (const pid of pids) {
    const comm = dumpFiles(files, [`/proc/${pid}/comm`])
    if (comm === '') {
      note(`process ${pid} is gone`)
      continue
    }
    chunk += comm
    const descriptors = files
      .list(`/proc/${pid}/fd`)
      .map(Number)
      .toSorted((a, b) => a - b)
    if (descriptors.length === 0) note(`process ${pid} shows no open files: run as its user or as root`)
    if (descriptors.length > most) {
      note(`process ${pid} has ${descriptors.length} open files; the first ${most} are shown`)
    }
    for (const fd of descriptors.slice(0, most)) {
      chunk += dumpLink(files, `/proc/${pid}/fd/${fd}`)
      const info = files.text(`/proc/${pid}/fdinfo/${fd}`)
      if (info !== undefined && info.length > LONGEST_INFO) {
        note(`descriptor ${fd} of process ${pid} has a very long list of watches; the first 4 MiB are shown`)
      }
      chunk += dumpOf(`/proc/${pid}/fdinfo/${fd}`, cut(info))
      if (chunk.length < CHUNK_CHARACTERS) continue
      yield Buffer.from(chunk)
      chunk = ''
      await nextTurn()
    }
  }
  yield Buffer.from(chunk)
}

const cut = (info: string | undefined): string | undefined =>
  info === undefined || info.length <= LONGEST_INFO
    ? info
    : info.slice(0, info.lastIndexOf('\n', LONGEST_INFO) + 1)
