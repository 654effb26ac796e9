/** /proc/PID/stat: what the kernel tells of a process at the least cost. */
import { TextScanner } from '../../../base/scan.ts'

/** PF_WQ_WORKER and PF_KTHREAD of include/linux/sched.h. */
const WORKQUEUE_WORKER = 0x20
const KERNEL_THREAD = 0x200000

/** Fields of proc_pid_stat(5); times are in clock ticks, the resident set in pages. */
export class ProcessStat {
  comm = ''
  state = ''
  flags = 0
  minorFaults = 0
  majorFaults = 0
  userTicks = 0
  systemTicks = 0
  threads = 0
  startTicks = 0
  virtualBytes = 0
  residentPages = 0
  readonly #scanner = new TextScanner()

  /** Whether it is a thread of the kernel, which has neither memory nor files of its own. */
  get isKernelThread(): boolean {
    return (this.flags & KERNEL_THREAD) !== 0
  }

  /** Takes over the fields; false, with fields undefined, when the text is not one of a process. */
  read(text: string): boolean {
    const open = text.indexOf('(')
    // The name may hold anything, also parentheses and newlines; nothing after it has a parenthesis.
    const close = text.lastIndexOf(')')
    if (open < 0 || close < open || close + 3 >= text.length) return false
    const scanner = this.#scanner
    this.state = text.charAt(close + 2)
    scanner.read(text, close + 3)
    scanner.skip(5)
    this.flags = scanner.number()
    this.minorFaults = scanner.number()
    scanner.skip(1)
    this.majorFaults = scanner.number()
    scanner.skip(1)
    this.userTicks = scanner.number()
    this.systemTicks = scanner.number()
    scanner.skip(4)
    this.threads = scanner.number()
    scanner.skip(1)
    this.startTicks = scanner.number()
    this.virtualBytes = scanner.number()
    this.residentPages = scanner.number()
    if (Number.isNaN(this.residentPages)) return false
    // Comparing in place spares a new string for every process at every tick.
    const name = this.#nameEnd(text, open + 1, close)
    if (name - open - 1 !== this.comm.length || !text.startsWith(this.comm, open + 1)) {
      this.comm = text.slice(open + 1, name)
    }
    return true
  }

  /** A worker of the kernel appends what it works on, `kworker/0:1-events`, which would be a new name every second. */
  #nameEnd(text: string, start: number, close: number): number {
    if ((this.flags & WORKQUEUE_WORKER) === 0) return close
    const colon = text.indexOf(':', start)
    if (colon < 0) return close
    for (let at = colon; at < close; at++) {
      const character = text.charAt(at)
      if (character === '-' || character === '+') return at
    }
    return close
  }
}
