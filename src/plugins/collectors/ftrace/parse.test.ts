import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row, TableName } from '../../../model/tables.ts'
import { syscallTable } from '../../tracing/syscall-names.ts'
import { createFtraceParser } from './parse.ts'

const golden = readFileSync(new URL('./fixtures/linux-6.18.txt', import.meta.url))

function parse(output: Uint8Array) {
  const added: { table: TableName; row: object }[] = []
  const notes: string[] = []
  const parser = createFtraceParser(
    { add: (table, row) => void added.push({ table, row }) },
    {
      calls: syscallTable('x86_64'),
      processOf: (tid) => tid,
      endedAt: () => undefined,
      note: (sentence) => void notes.push(sentence),
    },
  )
  parser.push(output)
  const stats = parser.end()
  const rows = <T extends TableName>(table: T): Row<T>[] =>
    added.filter((entry) => entry.table === table).map((entry) => entry.row as Row<T>)
  return { stats, notes, syscalls: rows('syscalls'), wakeups: rows('wakeups') }
}

test('calls by thread, calls under way, wakeups with the wait that followed', () => {
  const { stats, syscalls, wakeups } = parse(golden)
  expect(stats.bad).toBe(0)
  const calls = syscalls.filter(({ comm }) => comm?.startsWith('blk') === true)
  expect(calls.map((row) => Object.values(row).join(' | '))).toMatchInlineSnapshot(`
    [
      "1319 | 1319 | blk | clock_nanosleep |  | total | 6 | 81096000 | 24808000 | true",
      "1319 | 1319 | blk | poll |  | total | 5 | 208334000 | 115191000 | true",
      "1319 | 1319 | blk | poll | in flight | 1 | 5000 | 5000 | false",
    ]
  `)
  expect(wakeups.filter(({ comm }) => comm === 'blk')[0]).toMatchInlineSnapshot(`
    {
      "comm": "blk",
      "count": 3,
      "latency_ns": 11863000,
      "max_ns": 10900000,
      "tid": 1319,
      "waker": "tsc",
      "waker_pid": 1213,
    }
  `)
})

test('lost events are said, garbage is counted', () => {
  const output = 'CPU:1 [LOST 12 EVENTS]\nnothing\n a b-c-7 (    7) [001] ..... 1.000001: sys_exit: NR x\n'
  const { stats, notes } = parse(new TextEncoder().encode(output))
  expect(stats).toEqual({ lines: 3, rows: 0, bad: 2 })
  expect(notes).toEqual(['ftrace lost 12 events: counts are too low'])
})

test('a name with blanks and dashes, with the process in its own column', () => {
  const output = [
    ' a b-c-7 (    3) [001] ..... 1.000001: sys_enter: NR 0 (5, 0, 0, 0, 0, 0)',
    ' a b-c-7 (-----) [001] ..... 1.500001: sys_exit: NR 0 = -11',
    '',
  ].join('\n')
  expect(parse(new TextEncoder().encode(output)).syscalls).toEqual([
    {
      pid: 7,
      tid: 7,
      comm: 'a b-c',
      call: 'read',
      errno: 'EAGAIN',
      args: 'total',
      count: 1,
      duration_ns: 500_000_000,
      max_ns: 500_000_000,
      finished: true,
    },
  ])
})
