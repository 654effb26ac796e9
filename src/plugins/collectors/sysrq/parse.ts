/** Tasks as the kernel prints them (sched_show_task in kernel/sched/core.c), on a console or in its log, to stacks. */
import type { Row } from '../../../model/tables.ts'
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'

/** `[   12.345678] ` and what a caller or a level may add to it. */
const PREFIX = /^(?:<\d+>)?\[\s*\d+\.\d{3,6}\](?:\[\s*[TC]\d+\])? ?/
const TASK = /^task:(.{1,15}?)\s+state:(\w)\s.*?\bpid:(\d+)\s+(?:tgid:(\d+)\s+)?ppid:/
const FRAME = /^ (\? )?([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?$/

export function taskDumpParser(rows: RowSink): Parser {
  return lineParser(rows, (sink) => {
    let task: Row<'stacks'> | undefined
    let frames: string[] = []
    const flush = (): boolean => {
      if (task !== undefined && frames.length > 0) {
        sink.add('stacks', { ...task, frames, kernel_frames: frames.length })
      }
      task = undefined
      frames = []
      return true
    }
    return {
      line(raw) {
        const line = raw.replace(/\r$/, '').replace(PREFIX, '')
        const [, comm, state, tid, tgid] = TASK.exec(line) ?? []
        if (comm !== undefined) {
          flush()
          task = {
            pid: Number(tgid ?? tid),
            tid: Number(tid),
            comm,
            state: state ?? '',
            event: 'dump',
            weight: 1,
            unit: 'threads',
          }
          return true
        }
        const [, unsure, name] = FRAME.exec(line) ?? []
        // What the unwinder only found lying on the stack is no caller.
        if (name !== undefined && unsure === undefined) frames.push(name)
        return true
      },
      end: flush,
    }
  })
}
