/** `thread apply all bt` of gdb -> `stacks`, a row for each thread. */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** `Thread 2 (Thread 0x7f18 (LWP 9055) "name"):`; without libthread_db `Thread 2 (LWP 9055)`; before gdb 8 no name. */
const THREAD = /^Thread \d+ \((?:.*\()?(?:LWP|process) (\d+)\)?(?: "(.*)")?\)*:$/
const FRAME = /^#\d+ +(?:0x[0-9a-f]+ in )?(.+)$/

interface Dump {
  readonly tid: number
  readonly comm: string | undefined
  readonly frames: string[]
}

/** Parses a dump of all threads of process `pid`. Lines about threads being attached, sources and so on are passed over. */
export function createGdbParser(sink: RowSink, pid: number): Parser {
  return lineParser(sink, (rows) => {
    let thread: Dump | undefined
    const flush = (): void => {
      if (thread === undefined || thread.frames.length === 0) return
      rows.add('stacks', {
        pid,
        tid: thread.tid,
        ...(thread.comm === undefined ? {} : { comm: thread.comm }),
        event: 'dump',
        frames: thread.frames,
        kernel_frames: 0,
        weight: 1,
        unit: 'threads',
      })
    }
    return {
      line(line) {
        const [header, tid, comm] = THREAD.exec(line) ?? []
        if (header !== undefined) {
          flush()
          thread = { tid: Number(tid), comm, frames: [] }
          return true
        }
        if (!line.startsWith('#')) return true
        const name = functionOf(FRAME.exec(line)?.[1] ?? '')
        if (name === undefined || thread === undefined) return false
        thread.frames.push(name)
        return true
      },
      end() {
        flush()
        return true
      },
    }
  })
}

/**
 * The function of a frame `name (arguments) at file:line`. Blanks and parentheses also stand inside of C++ names, such as
 * `std::function<int (int)>::operator()(int) const`: the arguments are the first `(` after a blank outside of `<>`.
 */
function functionOf(frame: string): string | undefined {
  if (frame.startsWith('<')) return frame.endsWith('>') ? frame : undefined
  let depth = 0
  for (let at = 0; at < frame.length; at += 1) {
    const operator = /^operator(?:<=>|<<=?|>>=?|<=?|>=?|->\*?)/.exec(frame.slice(at, at + 12))?.[0]
    if (operator !== undefined) {
      at += operator.length - 1
      continue
    }
    if (frame[at] === '<') depth += 1
    else if (frame[at] === '>') depth -= 1
    else if (depth === 0 && at > 0 && frame.startsWith(' (', at)) return frame.slice(0, at)
  }
  return undefined
}
