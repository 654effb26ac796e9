/** Links of `/proc/PID/fd` and texts of `/proc/PID/fdinfo` to rows of `files` (proc_pid_fdinfo(5)). */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { dumpParser } from '../../../plugin/file-dump.ts'

/** O_DIRECTORY, which is not the same bit everywhere (include/uapi/asm-generic/fcntl.h and its overrides). */
const O_DIRECTORY: Readonly<Record<string, number>> = { x86_64: 0o200000, aarch64: 0o40000 }
const LONGEST_DETAIL = 1000
/** Lines of fdinfo that have a column of their own, or that say nothing about the file's state. */
const PLAIN = /^(?:pos|flags|mnt_id|ino|scm_fds):/

interface OpenFile {
  readonly row: Row<'files'>
  readonly watches: Row<'files'>[]
}

/** Parses dumps made by `openFiles`: rows of a process are added when all its files are known. */
export function filesParser(rows: RowSink): Parser {
  return dumpParser(rows, (sink) => {
    let taken: bigint | undefined
    let machine = ''
    let process = { pid: 0, comm: '' }
    let open = new Map<number, OpenFile>()
    const flush = (): void => {
      for (const { row, watches } of open.values()) {
        sink.add('files', row)
        for (const watch of watches) {
          const watched = open.get(watch.watched_fd ?? -1)?.row.path
          if (watched !== undefined) watch.path = watched
          sink.add('files', watch)
        }
      }
      open = new Map()
    }
    return {
      file(path, text) {
        if (path === '@taken') {
          if (!/^\d{1,19}$/.test(text)) return false
          taken = BigInt(text)
          return true
        }
        if (path === '@machine') {
          machine = text
          return true
        }
        const match = /^\/proc\/(\d{1,10})\/(comm|(?:fd|fdinfo)\/(\d{1,10}))$/.exec(path)
        if (match === null) return false
        const pid = Number(match[1])
        if (match[2] === 'comm') {
          flush()
          process = { pid, comm: text }
          return true
        }
        if (pid !== process.pid) return false
        const fd = Number(match[3])
        if (match[2] === `fd/${fd}`) {
          const row: Row<'files'> = { pid, comm: process.comm, fd, path: text, ...linkKind(text) }
          if (taken !== undefined) row.ts = taken
          open.set(fd, { row, watches: [] })
          return true
        }
        const file = open.get(fd)
        return file !== undefined && readInfo(file, text, O_DIRECTORY[machine] ?? 0)
      },
      end: flush,
    }
  })
}

function linkKind(link: string): Pick<Row<'files'>, 'kind' | 'inode'> {
  const [, type, inode] = /^(socket|pipe):\[(\d{1,19})\]$/.exec(link) ?? []
  if (type !== undefined && inode !== undefined) return { kind: type, inode: BigInt(inode) }
  const [, anonymous] = /^anon_inode:\[?([a-z]+)/.exec(link) ?? []
  if (anonymous === 'eventpoll') return { kind: 'epoll' }
  if (anonymous === 'inotify' || anonymous === 'eventfd' || anonymous === 'timerfd') {
    return { kind: anonymous }
  }
  const device = link.startsWith('/dev/') && !/^\/dev\/(?:shm|hugepages|mqueue)\//.test(link)
  return { kind: link.startsWith('/') && !device ? 'file' : 'other' }
}

function readInfo({ row, watches }: OpenFile, text: string, directoryFlag: number): boolean {
  const [, position] = /^pos:\s+(\d{1,19})$/m.exec(text) ?? []
  const [, flags] = /^flags:\s+([0-7]{1,12})$/m.exec(text) ?? []
  if (position === undefined || flags === undefined) return false
  row.position = BigInt(position)
  row.flags = flags
  if (row.kind === 'file' && (Number.parseInt(flags, 8) & directoryFlag) !== 0) row.kind = 'directory'
  const details: string[] = []
  let inotifyWatches = 0
  for (const line of text.split('\n')) {
    if (line.startsWith('inotify ')) inotifyWatches++
    else if (line.startsWith('tfd:')) {
      const watch = epollWatch(row, line)
      if (watch === undefined) return false
      watches.push(watch)
    } else if (!PLAIN.test(line)) {
      const [, key, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
      if (key !== undefined) details.push(`${key.replaceAll(' ', '-')}=${value}`)
    }
  }
  if (inotifyWatches > 0) details.push(`inotify-watches=${inotifyWatches}`)
  if (details.length > 0) row.detail = details.join(' ').slice(0, LONGEST_DETAIL)
  return true
}

/** `tfd: 5 events: 80000019 data: 0 pos:0 ino:8523 sdev:9`; kernels before 5.4 end after the data. */
function epollWatch(set: Row<'files'>, line: string): Row<'files'> | undefined {
  const match =
    /^tfd:\s*(\d{1,10}) events:\s*([0-9a-f]{1,8}) data:\s*[0-9a-f]+(?:.* ino:([0-9a-f]{1,15}))?/.exec(line)
  if (match === null) return undefined
  const { pid = null, comm = null, fd = null } = set
  const watch: Row<'files'> = { pid, comm, fd, kind: 'epoll-watch' }
  if (set.ts !== undefined) watch.ts = set.ts
  watch.watched_fd = Number(match[1])
  watch.events = match[2] ?? null
  if (match[3] !== undefined) watch.inode = BigInt(`0x${match[3]}`)
  return watch
}
