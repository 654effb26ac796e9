/** What a thread that is in a system call gave it: read from procfs and from its memory, which wakes nobody. */
import type { FileView } from '../../plugin/node.ts'
import { identityOf } from './process-stat.ts'
import { absolutePath, CURRENT_DIRECTORY, placeOfPath } from './path-calls.ts'
import type { SyscallTable } from './syscall-names.ts'

const LONGEST_PATH = 4096

/** Calls whose first argument is a descriptor. */
const ON_DESCRIPTOR = new Set(
  `read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 recvfrom recvmsg recvmmsg sendto sendmsg
  sendmmsg accept accept4 connect epoll_wait epoll_pwait epoll_pwait2 fsync fdatasync flock ioctl fcntl getdents64 close
  ftruncate fallocate sendfile splice io_uring_enter`.split(/\s+/),
)

export interface CallUnderWay {
  readonly pid: number
  readonly comm: string
  readonly call: string
  /** The six arguments. */
  readonly arguments: readonly bigint[]
  /** Absolute where that could be told. */
  readonly path?: string
  readonly fd?: number
}

/** The call that a thread is in; undefined when it is running or gone. */
export function callUnderWay(files: FileView, calls: SyscallTable, tid: number): CallUnderWay | undefined {
  const [number, ...rest] = files.text(`/proc/${tid}/syscall`)?.trim().split(' ') ?? []
  // Not in a call: `running`, or -1 for a fault or an interrupt.
  if (number === undefined || !/^\d+$/.test(number)) return undefined
  const identity = identityOf(files, tid)
  if (identity === undefined) return undefined
  const call = calls.name(Number(number))
  const given = rest.slice(0, 6).map(BigInt)
  const path = pathOf(files, identity.pid, call, given)
  return {
    ...identity,
    call,
    arguments: given,
    ...(path === undefined ? {} : { path }),
    ...(ON_DESCRIPTOR.has(call) ? { fd: Number(BigInt.asIntN(32, given[0] ?? -1n)) } : {}),
  }
}

function pathOf(
  files: FileView,
  pid: number,
  call: string,
  [first = 0n, second = 0n]: readonly bigint[],
): string | undefined {
  const place = placeOfPath(call)
  if (place === 'none') return undefined
  const path = textAt(files, pid, place === 'first' ? first : second)
  if (path === undefined) return undefined
  const directory = place === 'second-at' ? Number(BigInt.asIntN(32, first)) : CURRENT_DIRECTORY
  return absolutePath(files, pid, directory, path)
}

/** The string at an address; undefined where nothing can be read. Reads up to the end of its page, then the next. */
function textAt(files: FileView, pid: number, address: bigint): string | undefined {
  const bytes: number[] = []
  let at = address
  while (bytes.length < LONGEST_PATH) {
    const chunk = files.memory?.(pid, at, Number(4096n - (at % 4096n)))
    if (chunk === undefined || chunk.length === 0) return undefined
    const end = chunk.indexOf(0)
    bytes.push(...(end === -1 ? chunk : chunk.subarray(0, end)))
    if (end !== -1) return Buffer.from(bytes).toString('utf8')
    at += BigInt(chunk.length)
  }
  return Buffer.from(bytes.slice(0, LONGEST_PATH)).toString('utf8')
}
