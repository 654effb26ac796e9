/**
 * What a blocked system call was asked to wait for, told from its arguments.
 *
 * Sources: the manual pages of the calls, and for the clocks of futex deadlines kernel/futex/syscalls.c:
 * FUTEX_WAIT takes a duration; WAIT_BITSET, WAIT_REQUEUE_PI and LOCK_PI2 a deadline on the monotonic clock, or with
 * FUTEX_CLOCK_REALTIME on the real one; LOCK_PI one on the real clock.
 */

/** Clock of a timeout that lies in memory; `duration` when it is not a point in time. */
export type WaitClock = 'duration' | 'monotonic' | 'realtime'

/** A wait with an end: its length in ns (-1 for ever), or where in memory the process keeps it. */
export type TimedWait =
  | { readonly type: 'length'; readonly ns: bigint }
  | {
      readonly type: 'pointer'
      readonly address: bigint
      /** Layout there: two 64-bit words, seconds and ns, or seconds and us. */
      readonly layout: 'timespec' | 'timeval'
      readonly clock: WaitClock
    }

const FOREVER: TimedWait = { type: 'length', ns: -1n }
const FUTEX_COMMAND = 0x7fn
const FUTEX_CLOCK_REALTIME = 0x100n
const TIMER_ABSTIME = 1n

/** The timed wait that a call with these six arguments is in; `undefined` for a call that takes no timeout. */
export function timedWait(call: string, args: readonly bigint[]): TimedWait | undefined {
  const arg = (index: number): bigint => args[index] ?? 0n
  switch (call) {
    case 'epoll_wait':
    case 'epoll_pwait':
      return milliseconds(arg(3))
    case 'poll':
      return milliseconds(arg(2))
    case 'epoll_pwait2':
    case 'semtimedop':
      return pointer(arg(3), 'duration')
    case 'ppoll':
    case 'rt_sigtimedwait':
      return pointer(arg(2), 'duration')
    case 'select':
      return pointer(arg(4), 'duration', 'timeval')
    case 'pselect6':
    case 'io_getevents':
    case 'io_pgetevents':
      return pointer(arg(4), 'duration')
    case 'nanosleep':
      return pointer(arg(0), 'duration')
    case 'mq_timedsend':
    case 'mq_timedreceive':
      return pointer(arg(4), 'realtime')
    case 'clock_nanosleep':
      if ((arg(1) & TIMER_ABSTIME) === 0n) return pointer(arg(2), 'duration')
      return onClock(arg(0), arg(2))
    case 'futex':
      return futexWait(arg(1), arg(3))
    case 'futex_wait':
      return onClock(arg(5), arg(4))
    case 'futex_waitv':
      return onClock(arg(4), arg(3))
    default:
      return undefined
  }
}

/** Nanoseconds in 16 bytes at a pointer; `undefined` when they are no time. */
export function timeIn(bytes: Uint8Array, layout: 'timespec' | 'timeval'): bigint | undefined {
  if (bytes.length !== 16) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const seconds = view.getBigInt64(0, true)
  const fraction = view.getBigInt64(8, true)
  const unit = layout === 'timespec' ? 1n : 1000n
  if (seconds < 0n || fraction < 0n || fraction * unit >= 1_000_000_000n) return undefined
  return seconds * 1_000_000_000n + fraction * unit
}

/** A C int in a 64-bit register: the upper half means nothing. */
function milliseconds(register: bigint): TimedWait {
  const value = BigInt.asIntN(32, register)
  return value < 0n ? FOREVER : { type: 'length', ns: value * 1_000_000n }
}

function pointer(address: bigint, clock: WaitClock, layout: 'timespec' | 'timeval' = 'timespec'): TimedWait {
  return address === 0n ? FOREVER : { type: 'pointer', address, layout, clock }
}

/** A deadline on CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME; others cannot be compared with wall time. */
function onClock(clock: bigint, address: bigint): TimedWait | undefined {
  if (address === 0n) return FOREVER
  if (clock === 0n) return pointer(address, 'realtime')
  return clock === 1n || clock === 7n ? pointer(address, 'monotonic') : undefined
}

function futexWait(operation: bigint, address: bigint): TimedWait | undefined {
  const clock = (operation & FUTEX_CLOCK_REALTIME) === 0n ? 'monotonic' : 'realtime'
  switch (operation & FUTEX_COMMAND) {
    case 0n: // FUTEX_WAIT
      return pointer(address, 'duration')
    case 6n: // FUTEX_LOCK_PI
      return pointer(address, 'realtime')
    case 9n: // FUTEX_WAIT_BITSET
    case 11n: // FUTEX_WAIT_REQUEUE_PI
    case 13n: // FUTEX_LOCK_PI2
      return pointer(address, clock)
    default:
      return undefined
  }
}
