/** Output of `jstack PID` to rows of `stacks` (the forms of JDK 8 to 24). */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** Programs give their threads long names, but not that long. */
const LONGEST_HEADER = 2000

interface JavaThread {
  readonly name: string
  readonly tid: number
  state: string | undefined
  readonly frames: string[]
  waitsFor: string | undefined
  readonly holds: string[]
}

/** Parses one dump: a row for each thread that has a Java state; those of the machine itself have none. */
export function jstackParser(rows: RowSink, pid: number): Parser {
  return lineParser(rows, (sink) => {
    let thread: JavaThread | undefined
    const flush = (): boolean => {
      if (thread?.state !== undefined) sink.add('stacks', rowOf(pid, thread, thread.state))
      thread = undefined
      return true
    }
    return {
      line(line) {
        if (line.startsWith('"')) {
          flush()
          thread = parseHeader(line)
          // The report of a deadlock repeats threads by name only.
          return thread !== undefined || /^".*":?$/.test(line)
        }
        if (line === '') return flush()
        const text = line.trim()
        if (thread === undefined) return OTHER.test(text)
        const [, state] = /^java\.lang\.Thread\.State: (.+)$/.exec(text) ?? []
        if (state !== undefined) thread.state = state
        else if (text.startsWith('at ')) thread.frames.push(frameOf(text.slice(3)))
        else if (text.startsWith('- ')) readLock(thread, text)
        else return OTHER.test(text)
        return true
      },
      end: flush,
    }
  })
}

/** What a dump says beside its threads. */
const OTHER =
  /^(?:\d{4}-\d\d-\d\d |Full thread dump |Threads class SMR|_java_thread_list=|0x[0-9a-f]+|\}|JNI global|No compile task|Compiling:|\[0x|Locked ownable|=+$|Found |waiting (?:to|for) |which is held by|in JNI|Java stack information|Carrying virtual|at |- )/

/** `"name" #12 [4711] daemon prio=5 ... nid=0x1267 waiting on condition`; nid is decimal since JDK 19. */
function parseHeader(line: string): JavaThread | undefined {
  if (line.length > LONGEST_HEADER) return undefined
  const match = /^"(.*)" .*\bnid=(0x[0-9a-f]{1,8}|\d{1,10})\b/.exec(line)
  if (match === null) return undefined
  const [, name = '', tid] = match
  return { name, tid: Number(tid), state: undefined, frames: [], waitsFor: undefined, holds: [] }
}

/** `java.lang.Thread.sleep(java.base@17.0.15/Native Method)` without the place; lambdas without their number. */
function frameOf(text: string): string {
  const end = text.lastIndexOf('(')
  return (end < 0 ? text : text.slice(0, end)).replace(/\$\$Lambda(?:\$\d+)?\/(?:0x)?[0-9a-f]+/, '$$$$Lambda')
}

function readLock(thread: JavaThread, text: string): void {
  const match = /^- ([^<]*)<(0x[0-9a-f]+)> \(an? (.+)\)$/.exec(text)
  if (match === null) return
  const [, before = '', address = '', type = ''] = match
  const verb = before.trim()
  const object = `<${address}> ${type}`
  if (verb === 'locked') {
    // A monitor that is waited on is given back while waiting.
    if (thread.waitsFor !== object) thread.holds.push(object)
  } else if (
    /^(?:waiting on|waiting to lock|waiting to re-lock in wait\(\)|parking to wait for)$/.test(verb)
  ) {
    thread.waitsFor ??= object
  }
}

function rowOf(pid: number, thread: JavaThread, state: string): Row<'stacks'> {
  return {
    pid,
    tid: thread.tid,
    comm: thread.name,
    state,
    event: 'dump',
    frames: thread.frames,
    kernel_frames: 0,
    weight: 1,
    unit: 'threads',
    ...(thread.waitsFor === undefined ? {} : { waits_for: thread.waitsFor }),
    ...(thread.holds.length === 0 ? {} : { holds: thread.holds }),
  }
}
