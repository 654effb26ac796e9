/** Lines of kernel text without what stands in front of them: consoles, `dmesg`, /dev/kmsg and journald each put their own. */

/** One line of text that may be the kernel's. */
export interface KernelLine {
  /** Without prefix, escape sequences and line end; frames keep the blank they begin with. At most `LONGEST` units. */
  readonly text: string
  /** Seconds since boot, as printed; null where none is printed. */
  readonly seconds: number | null
  /** Who printed it (CONFIG_PRINTK_CALLER): `T123` a task, `C1` a CPU; the empty text when that is not printed. */
  readonly caller: string
  /** 0 emergency to 7 debug; null where it is not printed. */
  readonly level: number | null
  /** Whether something in front of it says that it is the kernel's. */
  readonly stamped: boolean
  /** Its line in the text, or its record among the records, from 0. */
  readonly index: number
  /** Whether its end is missing: nothing in it that reaches the end can be trusted. */
  readonly cut: boolean
}

/** UTF-16 units of a line that are looked at: a line of printk has at most 1,024 bytes, and a list of modules is no title. */
export const LONGEST = 2000

// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const ESCAPES = /\u001B(?:\[[0-9;?]{0,20}[A-Za-z]|[()][0-9A-B]|[=>cM78])/g
// oxlint-disable-next-line no-control-regex -- control characters are what is taken out
const UNPRINTABLE = /[\u0000-\u0008\u000B-\u001F\u007F\uFFFD]/g

/** `[   12.345678]`, in a line of a console anywhere: a program's line may lack its end. */
const STAMP = /\[ {0,8}\d{1,9}\.\d{6}\]/g

const SYSLOG = /^<(\d{1,3})>/
const TIME = /^\[ {0,8}(\d{1,9}\.\d{3,6})\](?: |$|(?=\[))/
const CALLER = /^\[ {0,8}([TC]\d{1,8})\](?: |$)/
/** A record of /dev/kmsg: level and facility, number, microseconds, flags, and what may follow. */
const KMSG = /^(\d{1,4}),\d{1,20},(\d{1,17}),[-c](?:,caller=([TC]\d{1,8}))?[^;]{0,200};/
const CALENDAR = /^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] /
const DECODED = /^[a-z0-9]{3,8} {0,4}:([a-z]{3,7}) {0,4}: /
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d) /
const JOURNAL =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)) \S{1,64} kernel: /
const DROPPED = /^\*\* \d{1,9} printk messages dropped \*\* ?/

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug']

/** Where in a line of a console the kernel's own begin: the beginning, and before each time stamp behind something else. */
export function piecesOf(line: string): string[] {
  const text = clean(line)
  const starts: number[] = []
  for (const { index } of text.matchAll(STAMP)) {
    // `<4>` belongs to the stamp behind it.
    const level = /<\d{1,3}>$/.exec(text.slice(Math.max(0, index - 5), index))?.[0].length ?? 0
    if (index - level > 0) starts.push(index - level)
  }
  return [0, ...starts].map((start, i) => text.slice(start, starts[i] ?? text.length))
}

/** Takes off what stands in front of one line. */
export function parseLine(line: string, index: number, cut = false): KernelLine {
  let text = clean(line)
  let seconds: number | null = null
  let caller = ''
  let level: number | null = null
  let stamped = false
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const match = pattern.exec(text)
    if (match === null) return null
    text = text.slice(match[0].length)
    return match
  }
  if (take(DROPPED) !== null && text === '') {
    return { text: 'printk messages dropped', seconds, caller, level, stamped: true, index, cut }
  }
  const record = take(KMSG)
  if (record !== null) {
    level = Number(record[1]) & 7
    seconds = Number(record[2]) / 1e6
    caller = record[3] ?? ''
    stamped = true
    text = clean(unescaped(text))
  } else {
    if (take(JOURNAL) !== null || take(CALENDAR) !== null) stamped = true
    const decoded = take(DECODED)
    if (decoded !== null) {
      level = Math.max(0, LEVELS.indexOf(decoded[1] ?? ''))
      stamped = take(ISO) !== null || take(CALENDAR) !== null || stamped
    }
    if (take(ISO) !== null) stamped = true
    const syslog = take(SYSLOG)
    if (syslog !== null) level = Number(syslog[1]) & 7
    const time = take(TIME)
    if (time !== null) {
      seconds = Number(time[1])
      stamped = true
    }
    caller = take(CALLER)?.[1] ?? ''
  }
  return { text: text.trimEnd(), seconds, caller, level, stamped, index, cut }
}

const clean = (line: string): string => line.slice(0, LONGEST).replace(ESCAPES, '').replace(UNPRINTABLE, '')

/** What /dev/kmsg writes as `\x0a` (Documentation/ABI/testing/dev-kmsg). */
const unescaped = (text: string): string =>
  text.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
