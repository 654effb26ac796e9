/**
 * System calls that wait.
 *
 * A thread in a wait is idle, so that a long one is no sign of slowness; and what a wait waits for is in its arguments.
 * Argument positions are those of the Linux ABI (man 2 syscall), counted from 0.
 */

/** How a call waits: for one descriptor, for an epoll instance, for a lock word, for others. */
export interface Wait {
  readonly on: 'descriptor' | 'epoll' | 'lock' | 'time' | 'child' | 'set'
  /** Position of the descriptor, epoll instance or lock word. */
  readonly argument?: number
  /** `always` waits; `sometimes`: a read of a disk file does not, a read of a socket does. */
  readonly waits: 'always' | 'sometimes'
}

const descriptor = (waits: Wait['waits']): Wait => ({ on: 'descriptor', argument: 0, waits })
const epoll: Wait = { on: 'epoll', argument: 0, waits: 'always' }
const set: Wait = { on: 'set', waits: 'always' }
const time: Wait = { on: 'time', waits: 'always' }

const WAITS: Readonly<Record<string, Wait>> = {
  epoll_wait: epoll,
  epoll_pwait: epoll,
  epoll_pwait2: epoll,
  io_getevents: set,
  io_pgetevents: set,
  io_uring_enter: { on: 'descriptor', argument: 0, waits: 'always' },
  poll: set,
  ppoll: set,
  select: set,
  pselect6: set,
  accept: descriptor('always'),
  accept4: descriptor('always'),
  recvfrom: descriptor('sometimes'),
  recvmsg: descriptor('sometimes'),
  recvmmsg: descriptor('sometimes'),
  read: descriptor('sometimes'),
  readv: descriptor('sometimes'),
  write: descriptor('sometimes'),
  writev: descriptor('sometimes'),
  sendto: descriptor('sometimes'),
  sendmsg: descriptor('sometimes'),
  connect: descriptor('sometimes'),
  flock: descriptor('sometimes'),
  fcntl: descriptor('sometimes'),
  futex: { on: 'lock', argument: 0, waits: 'always' },
  futex_wait: { on: 'lock', argument: 0, waits: 'always' },
  futex_waitv: { on: 'lock', argument: 0, waits: 'always' },
  nanosleep: time,
  clock_nanosleep: time,
  pause: time,
  rt_sigsuspend: time,
  rt_sigtimedwait: time,
  sigsuspend: time,
  restart_syscall: time,
  wait4: { on: 'child', waits: 'always' },
  waitid: { on: 'child', waits: 'always' },
  waitpid: { on: 'child', waits: 'always' },
  msgrcv: { on: 'set', waits: 'always' },
  semop: { on: 'lock', waits: 'always' },
  semtimedop: { on: 'lock', waits: 'always' },
  vfork: { on: 'child', waits: 'always' },
}

/** How a call waits, or undefined for one that works. */
export const waitOf = (call: string): Wait | undefined =>
  Object.hasOwn(WAITS, call) ? WAITS[call] : undefined

/** Calls whose duration says nothing about slowness. */
export const idleCalls: readonly string[] = Object.keys(WAITS).filter(
  (call) => WAITS[call]?.waits === 'always',
)

/** One of the six hexadecimal arguments that /proc/PID/syscall shows; undefined when absent. */
export function argumentOf(syscallArguments: string | null, position: number): number | undefined {
  const text = syscallArguments?.trim().split(/\s+/)[position]
  if (text === undefined || text === '') return undefined
  const value = Number.parseInt(text, 16)
  return Number.isNaN(value) ? undefined : value
}

/** Edge-triggered, in a mask of epoll events (sys/epoll.h). */
export const EPOLLET = 0x80000000

/**
 * Whether an epoll instance with this mask tells one of its waiters of each arrival, and nobody else can be told in his stead:
 * it is about input (EPOLLIN or EPOLLRDNORM), and not EPOLLEXCLUSIVE. A mask of EPOLLONESHOT that is used up has neither.
 */
export const tellsOfInput = (events: number): boolean => (events & 0x41) !== 0 && (events & 0x10000000) === 0

/**
 * Whether a stop and continue ends the call with EINTR although no handler ran (man 7 signal, "Interruption of system calls
 * and library functions by stop signals"). All others go on waiting for what is left.
 */
export const endsWhenStopped = (call: string): boolean => ENDED_BY_STOP.has(call)

const ENDED_BY_STOP: ReadonlySet<string> = new Set([
  'epoll_wait',
  'epoll_pwait',
  'epoll_pwait2',
  'semop',
  'semtimedop',
  'rt_sigtimedwait',
])

/**
 * Whether a futex call waits for a mutex that somebody holds: FUTEX_WAIT while the word is 2, `locked, with waiters` (Drepper,
 * Futexes Are Tricky, 2011, section 5; glibc's and Rust's mutexes do so). Idle workers wait for a condition or a semaphore,
 * with another operation.
 */
export function waitsForMutex(call: string, syscallArguments: string | null): boolean {
  const operation = argumentOf(syscallArguments, 1)
  return (
    call === 'futex' &&
    operation !== undefined &&
    (operation & 0x7f) === 0 &&
    argumentOf(syscallArguments, 2) === 2
  )
}
