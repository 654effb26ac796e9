import { expect, test } from 'vitest'
import { ConsoleReader } from './console.ts'
import type { PrintedList } from './printed-timers.ts'

function listsOf(...lines: string[]): PrintedList[] {
  const lists: PrintedList[] = []
  const reader = new ConsoleReader({ timers: (list) => lists.push(list) })
  reader.push(new TextEncoder().encode(`${lines.map((line) => `[   12.345678] ${line}`).join('\n')}\n`))
  reader.end()
  return lists
}

const PAIR = [
  '1: was adding node=ff4e8a72003dbc68',
  '1: found node in wrong place last=ff4e8a72003dbc68, next=ff4e8a72003dbd00 (expires 12500, 11000)',
  '1: last timer=ff4e8a72003dbc68 function=hrtick+0x0/0x80, next=ff4e8a72003dbd00 timer function=hrtimer_wakeup+0x0/0x30',
]
const TREE = [
  'Printing rbtree',
  'node=ff4e8a72003dbc00, expires=10000, function=tick_sched_timer+0x0/0x90',
  'node=ff4e8a72003dbc68, expires=12500, function=hrtick+0x0/0x80',
  'node=ff4e8a72003dbd00, expires=11000, function=hrtimer_wakeup+0x0/0x30',
]
const timer = (expires: number, name: string) => ({ expiresNs: BigInt(expires), function: name })

test('a queue in the order in which the kernel keeps it', () => {
  expect(listsOf(...PAIR, ...TREE, 'something else')).toEqual([
    {
      cpu: 1,
      seconds: 12.345678,
      firstLine: 1,
      timers: [timer(10000, 'tick_sched_timer'), timer(12500, 'hrtick'), timer(11000, 'hrtimer_wakeup')],
    },
  ])
})

test('the two that are said not to stand in order, where the queue is not there or is in order', () => {
  const pair = [timer(12500, 'hrtick'), timer(11000, 'hrtimer_wakeup')]
  expect(listsOf(...PAIR).map(({ timers }) => timers)).toEqual([pair])
  expect(listsOf(...PAIR, ...TREE.slice(0, 3)).map(({ timers }) => timers)).toEqual([pair])
})

test('queues of two CPUs in each other are not taken for one', () => {
  const other = PAIR.map((line) => line.replace(/^1:/, '0:'))
  const lists = listsOf(...PAIR, ...TREE.slice(0, 2), ...other, ...TREE)
  expect(lists.map(({ cpu, timers }) => [cpu, timers.length])).toEqual([
    [1, 2],
    [0, 2],
  ])
})

test('what is cut off, and what is none', () => {
  expect(
    listsOf('Printing rbtree', 'expires soon', 'node=1, expires=99999999999999999999, function=x'),
  ).toEqual([])
  expect(listsOf(PAIR[1]?.slice(0, 60) ?? '')).toEqual([])
})
