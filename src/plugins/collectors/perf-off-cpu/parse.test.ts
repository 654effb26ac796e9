import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createOffCpuParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(output: Uint8Array) {
  const rows: Row<'stacks'>[] = []
  const parser = createOffCpuParser({ add: (_, row) => void rows.push(row) }, { note: () => {} })
  parser.push(output)
  return { rows, stats: parser.end() }
}

test('time off the CPU by stack, leaf first, up to the end of the window', () => {
  const { rows, stats } = parse(golden)
  expect(stats.bad).toBe(0)
  const waits = rows.filter(({ comm, frames }) => comm === 'wait,er' && frames?.includes('serve') === true)
  expect(waits[0]).toMatchInlineSnapshot(`
    {
      "comm": "wait,er",
      "event": "preempted",
      "frames": [
        "__schedule",
        "schedule",
        "exit_to_user_mode_loop",
        "do_syscall_64",
        "entry_SYSCALL_64_after_hwframe",
        "__libc_read",
        "serve",
        "main",
        "__libc_start_call_main",
      ],
      "kernel_frames": 5,
      "pid": 30198,
      "state": "off-cpu",
      "tid": 30198,
      "unit": "ns",
      "weight": 13009,
    }
  `)
  expect(
    rows.map(({ comm, event, kernel_frames, weight }) => [comm, event, kernel_frames, weight].join(' | ')),
  ).toMatchInlineSnapshot(`
      [
        "wait,er | preempted | 5 | 13009",
        "wak,er | preempted | 5 | 5354690",
        "wak,er | sched_switch | 11 | 13129349",
        "wak,er | sched_switch | 8 | 1458541366",
        "wait,er | sched_switch | 7 | 1487215565",
        "wak,er | sched_switch | 8 | 5685248",
        "wait,er | sched_switch | 7 | 5845907",
      ]
    `)
})
