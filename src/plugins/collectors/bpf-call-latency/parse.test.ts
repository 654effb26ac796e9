import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { syscallTable } from '../../tracing/syscall-names.ts'
import { createCallLatencyParser, type OpenCall } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/bpftrace-0.17.json', import.meta.url))

function parse(output: Uint8Array, caller: (open: OpenCall) => { pid: number; comm: string } | undefined) {
  const rows: Row<'syscalls'>[] = []
  const parser = createCallLatencyParser(
    { add: (_, row) => void rows.push(row) },
    { note: () => {}, calls: syscallTable('x86_64'), absolute: (_pid, _directoryFd, path) => path, caller },
  )
  parser.push(output)
  return { rows, stats: parser.end() }
}

test('times by call, by path, and of calls under way', () => {
  const asked: OpenCall[] = []
  const { rows, stats } = parse(golden, (open) => {
    asked.push(open)
    return { pid: open.tid, comm: 'look,up' }
  })
  expect(stats.bad).toBe(0)
  expect(asked).toEqual([{ tid: expect.any(Number), call: 'poll', arguments: [0, 0] }])
  const brief = rows.map(({ comm, call, args, path, count, duration_ns, max_ns, finished }) =>
    [comm, call, args, path, count, duration_ns, max_ns, finished].join(' | '),
  )
  expect(brief.filter((row) => /clock_nanosleep|total.*2000|absent|quote|poll/.test(row)))
    .toMatchInlineSnapshot(`
    [
      "look,up | access | total |  | 2000 | 2590724 | 52708 | true",
      "look,up | clock_nanosleep | total |  | 1 | 30110686 | 30110686 | true",
      "look,up | newfstatat | sampled path | /srv/data/quote"and\\back | 1 | 1702 | 1702 | true",
      "look,up | newfstatat | sampled path | /srv/data/absent-2 | 6 | 6139 | 1302 | true",
      "look,up | newfstatat | sampled path | /srv/data/absent-0 | 7 | 10005 | 4166 | true",
      "look,up | newfstatat | sampled path | /srv/data/absent-1 | 7 | 7382 | 1552 | true",
      "look,up | poll | in flight |  | 1 | 2079109689 | 2079109689 | false",
    ]
  `)
})

test('a call that has returned meanwhile is not under way', () => {
  expect(parse(golden, () => undefined).rows.every((row) => row.finished === true)).toBe(true)
})
