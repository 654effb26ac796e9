/**
 * Titles of what the kernel reported: `WARNING in ext4_evict_inode`, the way syzkaller names kernel bugs
 * (pkg/report/linux.go, docs/crash-reports): the kind of report and the function, without addresses, CPUs and process ids.
 */
import { functionName } from '../../diagnosis/knowledge/functions.ts'
import { templateOf } from './template.ts'

interface Report {
  readonly pattern: RegExp
  readonly title: (match: RegExpMatchArray) => string
  /** Whether a register dump that names the function comes after it. */
  readonly hasFunction: boolean
}

/** The first that matches counts. */
const REPORTS: readonly Report[] = [
  {
    pattern: /WARNING: (?:CPU: \d+ PID: \d+ )?(?:at )?\S+?(?::\d+)? (?:at )?([\w.]+)\+0x/,
    title: ([, name = '']) => `WARNING in ${functionName(name)}`,
    hasFunction: false,
  },
  { pattern: /(kernel BUG at [^\s:!]+)/, title: ([, text = '']) => text, hasFunction: true },
  { pattern: /(Kernel panic - not syncing: .*)/, title: ([, text = '']) => text, hasFunction: false },
  {
    pattern: /(?:Memory cgroup out of memory|Out of memory): Killed process \d+ \(([^)]*)\)/,
    title: ([, name = '']) => `out of memory: killed ${name}`,
    hasFunction: false,
  },
  {
    pattern: /INFO: task (\S+?):\d+ blocked for more than/,
    title: ([, name = '']) => `task ${name} blocked`,
    hasFunction: false,
  },
  { pattern: /(rcu\S* (?:self-)?detected .*?stalls?)\b/, title: ([, text = '']) => text, hasFunction: true },
  { pattern: /(BUG: (?:soft|hard) lockup)/, title: ([, text = '']) => text, hasFunction: true },
  {
    pattern: /(BUG: (?:KASAN|KCSAN|KMSAN|KFENCE): \S+) in ([\w.]+)/,
    title: ([, kind = '', name = '']) => `${kind} in ${functionName(name)}`,
    hasFunction: false,
  },
  { pattern: /(BUG: [^,]*)/, title: ([, text = '']) => text, hasFunction: true },
  {
    pattern: /^([^\s[]+)\[\d+\]: (segfault) at .*? in ([^\s[]+)\[/,
    title: ([, name = '', what = '', where = '']) => `${what} of ${name} in ${where}`,
    hasFunction: false,
  },
  {
    pattern: /^(?:traps: )?([^\s[]+)\[\d+\] (trap [\w ]+|general protection\w*|[\w ]+) ip:/,
    title: ([, name = '', what = '']) => `${what} of ${name}`,
    hasFunction: false,
  },
  {
    pattern: /(general protection fault|divide error|invalid opcode|Internal error: [^:[]*)/,
    title: ([, text = '']) => text,
    hasFunction: true,
  },
]

/** The instruction pointer of x86 and of arm64. */
const FUNCTION = /^(?:RIP: [0-9a-f]{4}:|pc : )([\w.]+)\+0x/
/** Records that a register dump is expected within. */
const NEAR = 40

/** Titles by their first record; records in order of time. */
export function kernelTitles(records: readonly string[]): Map<string, string> {
  const titles = new Map<string, string>()
  for (const [index, record] of records.entries()) {
    for (const { pattern, title, hasFunction } of REPORTS) {
      const match = record.slice(0, 500).match(pattern)
      if (match === null) continue
      const name = hasFunction ? functionNear(records, index) : undefined
      const text = templateOf(title(match)) + (name === undefined ? '' : ` in ${name}`)
      if (!titles.has(text)) titles.set(text, record)
      break
    }
  }
  return titles
}

function functionNear(records: readonly string[], index: number): string | undefined {
  for (const record of records.slice(index, index + NEAR)) {
    for (const line of record.split('\n', NEAR)) {
      const name = line.trim().slice(0, 200).match(FUNCTION)?.[1]
      if (name !== undefined) return functionName(name)
    }
  }
  return undefined
}

/** Lines that belong to a report, and say nothing by themselves. */
const PART_OF_A_REPORT =
  /^(?:[\s[<?]|RIP|R[A-Z0-9]{2}:|[A-Z]{2,3}\d?:|[A-Z0-9]{2,4}: |Code:|Modules linked|Hardware name|CPU: |Call [Tt]race|pc : |lr : |sp : |x\d+ ?:|-{3})/

export const isPartOfAReport = (record: string): boolean => PART_OF_A_REPORT.test(record)
