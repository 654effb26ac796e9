/**
 * Maps of off-cpu.bt -> `stacks`: time off the CPU in ns, by thread and stack. `event` is `sched_switch` for a thread
 * that went to wait, `preempted` for one that was still runnable. A thread that went away and had not come back is
 * counted up to the end of the window; one that never ran in the window does not show.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { bpftraceParser, headParts, type BpftraceParserOptions } from '../../tracing/bpftrace-output.ts'

/** Parses the output of off-cpu.bt. */
export function createOffCpuParser(sink: RowSink, options: BpftraceParserOptions): Parser {
  return bpftraceParser(sink, options, (rows) => {
    const maps = new Map<string, ReadonlyMap<string, unknown>>()
    let now = 0

    const textIn = (map: string, tid: string): string => {
      const text = maps.get(map)?.get(tid)
      return typeof text === 'string' ? text : ''
    }
    const add = (
      tid: string,
      pid: number,
      state: number,
      kernel: string,
      user: string,
      weight: number,
    ): void => {
      const kernelFrames = framesOf(kernel)
      rows.add('stacks', {
        pid,
        tid: Number(tid),
        comm: textIn('@comm', tid),
        state: 'off-cpu',
        event: state === 0 ? 'preempted' : 'sched_switch',
        frames: [...kernelFrames, ...framesOf(user)],
        kernel_frames: kernelFrames.length,
        weight,
        unit: 'ns',
      })
    }

    return {
      printf: (text) => {
        now = Number(/^now (\d+)/.exec(text)?.[1] ?? now)
      },
      map: (name, entries) => void maps.set(name, new Map(entries)),
      end: () => {
        for (const [key, value] of maps.get('@off') ?? []) {
          const [tid, pid, state, stacks] = headParts(key, 4) ?? []
          if (tid === undefined || stacks === undefined || typeof value !== 'number') continue
          // Between the two stacks there is a line with nothing but the comma of the key.
          const between = stacks.indexOf('\n,')
          const kernel = between === -1 ? '' : stacks.slice(0, between)
          add(tid, Number(pid), Number(state), kernel, stacks.slice(between + 1), value)
        }
        for (const [tid, value] of maps.get('@left') ?? []) {
          if (!Array.isArray(value)) continue
          const [since = 0, pid = 0, state = 0] = value.map(Number)
          if (now <= since) continue
          add(tid, pid, state, textIn('@kernel', tid), textIn('@user', tid), now - since)
        }
      },
    }
  })
}

/** `\n    function+12\n ...` -> function names; an address that has no name is left as it is. */
function framesOf(stack: string): string[] {
  return stack.split('\n').flatMap((line) => {
    const frame = line.replace(/^[,\s]+/, '').replace(/\+\d+$/, '')
    return frame === '' ? [] : [frame]
  })
}
