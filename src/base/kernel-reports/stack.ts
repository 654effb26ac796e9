/** Functions in register dumps and stack traces. */
import { functionName, isIdle, isMessenger } from './functions.ts'

/** Instruction pointer in the kernel: x86 (the selector of user mode is 0033 or 0023), older x86, arm64, RISC-V, s390, PowerPC. */
const POINTER =
  /^(?:E?RIP: 00(?:10|60):(?:\[<[0-9a-f]+>\] )?|R?IP: \[<[0-9a-f]+>\] |EIP: (?:00(?:10|60):)?|pc : |epc : |NIP \[[0-9a-f]+\] )([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+/
const FRAME =
  /^\s{0,8}(?:\[<[0-9a-f]+>\] )?(\? )?([A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[[\w-]+\])?(?:\s|$)/
const HEADER =
  /\bCPU: (\d{1,5}) (?:UID: \d{1,10} )?PID: (\d{1,10})(?: Comm: (.{1,15}?) (?:Not tainted|Tainted:|Kdump:|$))?/
const TRACE = /^\s{0,8}Call [Tt]race:/
const TRACE_END = /^\s{0,8}(?:<\/TASK>|---\[ end trace|R?IP: 0033:|RIP: 0023:)/

/** Lines that belong to a report and say nothing by themselves. */
const PART =
  /^(?:\s|[<?]|RIP|EIP|R[A-Z0-9]{2}:|[A-Z]{2,3}\d?:|[A-Z0-9]{2,4}: |Code:|Modules linked|Hardware name|Workqueue:|CPU: |CPU#|Call [Tt]race|pc : |lr : |sp : |pstate: |x\d+ ?:|-{3}|={5}|#PF|PGD|PKRU|Tainted|"echo 0|task:|NMI backtrace|Sending NMI|rcu:|Mem-Info|Node \d|DMA|Normal|lowmem_reserve|oom-kill:|Tasks state|\[ {0,8}\d+\] |Read of size|Write of size|The buggy|Allocated by|Freed by|Memory state|page:|raw:|Kernel Offset|Oops: |note: |Rebooting in|Dumping ftrace|Disabling lock debugging|BUG: kernel NULL|Shutting down cpus|Mem abort info|Data abort info|user pgtable|Internal error|Sending NMI|show_signal|[a-z]\w*\+0x)/

export const isPartOfAReport = (text: string): boolean => PART.test(text)

/** The function that an instruction pointer is in, `undefined` in lines without one. */
export function pointedAt(text: string): string | undefined {
  const name = POINTER.exec(text)?.[1]
  return name === undefined ? undefined : functionName(name)
}

/** The function of a frame that the unwinder is sure of, `undefined` in other lines. */
export function frameOf(text: string): string | undefined {
  const match = FRAME.exec(text)
  return match?.[2] === undefined || match[1] !== undefined ? undefined : functionName(match[2])
}

export const isTrace = (text: string): boolean => TRACE.test(text)
export const isTraceEnd = (text: string): boolean => TRACE_END.test(text)

/** Who ran where, as every stack trace says above it. */
export function runningIn(text: string): { cpu: number; pid: number; comm: string | undefined } | undefined {
  const match = HEADER.exec(text)
  if (match === null) return undefined
  return { cpu: Number(match[1]), pid: Number(match[2]), comm: match[3] }
}

/** Whether a report can be about a function: it is neither a messenger nor the idle loop. */
export const isTelling = (name: string): boolean => !isMessenger(name) && !isIdle(name)
