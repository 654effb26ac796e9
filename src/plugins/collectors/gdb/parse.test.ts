import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Row } from '../../../model/tables.ts'
import { createGdbParser } from './parse.ts'

function parse(output: Uint8Array) {
  const rows: Row<'stacks'>[] = []
  const parser = createGdbParser({ add: (_, row) => void rows.push(row) }, 9053)
  parser.push(output)
  return { rows, stats: parser.end() }
}

const golden = (name: string): Uint8Array => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))

test('threads of a C program', () => {
  const { rows, stats } = parse(golden('gdb-13.txt'))
  expect(stats.bad).toBe(0)
  expect(rows.map(({ pid, tid, comm, frames }) => [pid, tid, comm, frames?.join(' < ')].join(' | ')))
    .toMatchInlineSnapshot(`
      [
        "9053 | 9056 | wor"k, er | __GI___poll < wait_for_reply < worker < start_thread < clone3",
        "9053 | 9055 | wor"k, er | __GI___poll < wait_for_reply < worker < start_thread < clone3",
        "9053 | 9053 | gt | __futex_abstimed_wait_common64 < __futex_abstimed_wait_common < __GI___futex_abstimed_wait_cancelable64 < __pthread_clockjoin_ex < main",
      ]
    `)
})

test('C++ names, and a signal handler', () => {
  const { rows, stats } = parse(golden('gdb-13-cpp.txt'))
  expect(stats.bad).toBe(0)
  expect(rows[0]?.frames).toMatchInlineSnapshot(`
    [
      "__GI___poll",
      "(anonymous namespace)::Box<std::vector<int, std::allocator<int> > >::operator<",
      "(anonymous namespace)::Box<std::vector<int, std::allocator<int> > >::operator()",
      "std::__invoke_impl<int, (anonymous namespace)::Box<std::vector<int> >&, int>",
      "std::__invoke_r<int, (anonymous namespace)::Box<std::vector<int> >&, int>",
      "std::_Function_handler<int(int), (anonymous namespace)::Box<std::vector<int, std::allocator<int> > > >::_M_invoke(const std::_Any_data &, int &&)",
      "std::function<int (int)>::operator()(int) const",
      "app::run(std::function<int (int)> const&, char const*)",
      "handler",
      "<signal handler called>",
      "__pthread_kill_implementation",
      "__pthread_kill_internal",
      "__GI_raise",
      "main",
    ]
  `)
})

test('headings of other versions, frames without symbols, output cut short', () => {
  const output = [
    'Thread 2 (Thread 0x7f18 (LWP 7)):',
    '#0  0x000055f8e136720c in ?? ()',
    '#1  poll () from /lib/x86_64-linux-gnu/libc.so.6',
    'Backtrace stopped: previous frame identical to this frame (corrupt stack?)',
    '',
    'Thread 1 (LWP 8 "x"):',
    '#0  nothing that we know',
    '#1  main (argc=1) at a.c:1',
    '#2  0x00007f',
  ].join('\n')
  const { rows, stats } = parse(new TextEncoder().encode(output))
  expect(stats).toEqual({ lines: 9, rows: 2, bad: 2 })
  expect(rows.map(({ tid, comm, frames }) => [tid, comm, frames])).toEqual([
    [7, undefined, ['??', 'poll']],
    [8, 'x', ['main']],
  ])
})
