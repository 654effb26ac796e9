/**
 * The same language as the parser, by regular expressions over whole strings: slow, and written apart from it, so that
 * tests can compare the two.
 */

export interface ReferenceRow {
  readonly ts: bigint | undefined
  readonly tid: number | undefined
  readonly call: string
  readonly args: string
  readonly result: bigint | undefined
  readonly errno: string
  readonly duration: number | undefined
  readonly finished: boolean
}

const PID = /^[ \t]*(?:\[pid [ \t]*(\d+)(?:<[^>]*>)?\][ \t]*|(\d+)(?:<[^>]*>| )[ \t]*)/
const TIME = /^(\d[\d:]*)(?:\.(\d*))? [ \t]*/
const CALL = /^([\w?]+)\(([^]*)$/
const RESUMED = /^<\.\.\. ([\w?]+) resumed>([^]*)$/
const LEFT = /^([^]*?) ?<(?:unfinished|detached) \.\.\.>$/
const DURATION = /^([^]*) <(\d+)\.(\d+)>$/
const RESULT =
  /^(\?|0x[\da-f]{1,16}|-?(?:0[0-7]{1,21}|(?!0\d)\d{1,22}))(?:<[^]*>)?(?:\(deleted\))?(?: ([A-Z][A-Z\d_]*))?(?: \([^]*\)| <unavailable>)?$/
const OTHER = /^(?:--- |(?:strace: |Process ))/

interface Pending {
  readonly call: string
  readonly args: string
  readonly at: bigint | undefined
}

/** Rows of a trace, and the counts of the parser. Bytes are characters of latin1, thread ids those of the lines. */
export function referenceParse(text: string): { lines: number; bad: number; rows: ReferenceRow[] } {
  const rows: ReferenceRow[] = []
  const pending = new Map<number | undefined, Pending>()
  const pieces = text.split('\n')
  const rest = pieces.pop() ?? ''
  let bad = rest === '' ? 0 : 1
  let held = ''
  let now: bigint | undefined
  const since = (at: bigint): number | undefined => safe(Math.max(0, Number((now ?? 0n) - at)))
  const abandon = (tid: number | undefined): void => {
    const open = pending.get(tid)
    if (open === undefined) return
    pending.delete(tid)
    const duration = open.at === undefined ? undefined : since(open.at)
    rows.push({
      ts: open.at,
      tid,
      call: open.call,
      args: open.args,
      result: undefined,
      errno: '',
      duration,
      finished: false,
    })
  }

  const take = (line: string): boolean => {
    const pid = PID.exec(line)
    const id = Number(pid?.[1] ?? pid?.[2] ?? -1)
    const known = pid !== null && id <= 4_194_304
    if (!known && /^[ \t]*\[pid /.test(line)) return false
    const tid = known ? id : undefined
    const behindPid = known ? line.slice(pid[0].length) : line.replace(/^[ \t]*/, '')
    const time = TIME.exec(behindPid)
    if (time === null && /^\d/.test(behindPid)) return false
    const body = time === null ? behindPid : behindPid.slice(time[0].length)
    if (body === '') return line === ''
    if (body.startsWith('+++ ')) {
      readTime(time)
      abandon(tid)
      return true
    }
    const call = CALL.exec(body)
    if (call === null && (OTHER.test(body) || (body.startsWith('>') && line.startsWith(' ')))) return true
    const resumed = call === null ? RESUMED.exec(body) : null
    const found = call ?? resumed
    if (found === null) return false
    const name = found[1] ?? ''
    let text_ = found[2] ?? ''
    if (resumed !== null && /^ (?!=)/.test(text_)) text_ = text_.slice(1)
    const left = LEFT.exec(text_)
    if (left !== null) {
      readTime(time)
      if (resumed !== null && pending.has(tid)) return true
      abandon(tid)
      pending.set(tid, { call: name, args: left[1] ?? '', at: now })
      return true
    }
    const timed = DURATION.exec(text_)
    const untimed = timed?.[1] ?? text_
    const split = lastResult(untimed)
    if (split === undefined) return false
    readTime(time)
    let args = untimed.slice(0, split.at)
    const killed = split.result === undefined && args.endsWith('<unfinished ...>')
    if (killed) args = args.replace(/ *<unfinished \.\.\.>$/, '')
    if (killed && !name.startsWith('exit')) {
      if (resumed !== null && pending.has(tid)) return true
      abandon(tid)
      pending.set(tid, { call: name, args, at: now })
      return true
    }
    let duration = timed === null ? undefined : safe(Math.round(Number(`${timed[2]}.${timed[3]}`) * 1e9))
    let ts = now
    const open = pending.get(tid)
    if (resumed !== null && open?.call === name) {
      pending.delete(tid)
      args = open.args + args
      ts = open.at
      if (ts !== undefined) duration ??= since(ts)
    } else if (resumed !== null) {
      abandon(tid)
      ts = now === undefined ? undefined : now - BigInt(duration ?? 0)
    }
    rows.push({
      ts,
      tid,
      call: name,
      args,
      result: split.result,
      errno: split.errno,
      duration,
      finished: true,
    })
    return true
  }
  const readTime = (time: RegExpExecArray | null): void => {
    const seconds = time?.[1] ?? ''
    if (time === null || /:/.test(seconds) || Number(seconds) <= 1e8 || Number(seconds) >= 2 ** 32) return
    now = BigInt(seconds) * 1_000_000_000n + BigInt((time[2] ?? '').slice(0, 9).padEnd(9, '0'))
  }

  for (const line of pieces) {
    if (take(line)) continue
    if (held !== '' && take(held + line)) {
      held = ''
      continue
    }
    if (held !== '') bad++
    const message = /strace: Process \d+ (?:attached(?: with \d+ threads)?|detached)$/.exec(line)
    held = message === null ? '' : line.slice(0, message.index)
    if (held === '') bad++
  }
  if (held !== '') bad++
  for (const tid of pending.keys()) abandon(tid)
  return { lines: pieces.length + (rest === '' ? 0 : 1), bad, rows }
}

/** The last `) = ` behind which there is a result and nothing else. */
function lastResult(text: string): { at: number; result: bigint | undefined; errno: string } | undefined {
  const candidates = [...text.matchAll(/\)(?= += )/g)].toReversed()
  for (const { index } of candidates) {
    const equals = /^\) += /.exec(text.slice(index))?.[0] ?? ''
    const match = RESULT.exec(text.slice(index + equals.length))
    if (match === null) continue
    return { at: index, result: numberOf(match[1] ?? '?'), errno: match[2] ?? '' }
  }
  return undefined
}

const safe = (value: number): number | undefined => (Number.isSafeInteger(value) ? value : undefined)

function numberOf(text: string): bigint | undefined {
  if (text === '?') return undefined
  if (text.startsWith('0x')) return BigInt.asIntN(64, BigInt(text))
  const digits = text.replace('-', '')
  const value = /^0\d/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits)
  return text.startsWith('-') ? -value : value
}
