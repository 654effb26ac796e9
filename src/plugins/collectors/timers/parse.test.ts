import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { timersParser } from './parse.ts'

// Linux 6.18
const golden = readFileSync(new URL('fixtures/timer_list-6.18.txt', import.meta.url), 'utf8')

function parse(list: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(timersParser(rows), list, size)
  return { stats, timers: rows.of('timers') }
}

test('every timer, in its place in its queue', () => {
  const { stats, timers } = parse(golden)
  expect(stats).toEqual({ lines: golden.split('\n').length - 1, rows: timers.length, bad: 0 })
  expect(timers).toHaveLength(golden.match(/^ #\d+:/gm)?.length ?? 0)
  expect(timers[0]).toMatchInlineSnapshot(`
    {
      "clock": "ktime_get",
      "count": 1n,
      "cpu": 0,
      "expires_ns": 2876256000000n,
      "function": "tick_nohz_handler",
      "now_ns": 2876254667033n,
      "position": 0,
      "soft_expires_ns": 2876256000000n,
      "timer": "000000005fdaf733",
    }
  `)
  expect(timers.map((row) => `${row.cpu} ${row.clock} ${row.position} ${row.function}`))
    .toMatchInlineSnapshot(`
    [
      "0 ktime_get 0 tick_nohz_handler",
      "0 ktime_get 1 hrtimer_wakeup",
      "0 ktime_get 2 hrtimer_wakeup",
      "0 ktime_get 3 hrtimer_wakeup",
      "0 ktime_get 4 timerfd_tmrproc",
      "0 ktime_get 5 dl_task_timer",
      "0 ktime_get 6 hrtimer_wakeup",
      "0 ktime_get 7 watchdog_timer_fn",
      "0 ktime_get 8 hrtimer_wakeup",
      "0 ktime_get 9 hrtimer_wakeup",
      "0 ktime_get 10 hrtimer_wakeup",
      "0 ktime_get 11 hrtimer_wakeup",
      "0 ktime_get 12 hrtimer_wakeup",
      "0 ktime_get_real 0 hrtimer_wakeup",
      "1 ktime_get 0 tick_nohz_handler",
      "1 ktime_get 1 watchdog_timer_fn",
      "1 ktime_get 2 dl_task_timer",
      "1 ktime_get 3 hrtimer_wakeup",
      "1 ktime_get 4 hrtimer_wakeup",
      "1 ktime_get 5 timerfd_tmrproc",
      "1 ktime_get 6 hrtimer_wakeup",
    ]
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

// As kernel/time/timer_list.c of these versions prints it.
test('Linux 3.13: the clock is printed, and who started the timer', () => {
  const { stats, timers } = parse(`Timer List Version: v0.7
HRTIMER_MAX_CLOCK_BASES: 4
now at 4247480622153 nsecs

cpu: 0
 clock 0:
  .base:       0000000000000000
  .index:      0
  .resolution: 1 nsecs
  .get_time:   ktime_get
  .offset:     0 nsecs
active timers:
 #0: <0000000000000000>, hrtimer_wakeup, S:01, schedule_hrtimeout_range_clock, /usr/bin/termin/2683
 # expires at 4247488930657-4247488980657 nsecs [in 8308504 to 8358504 nsecs]
 #1: def_rt_bandwidth, sched_rt_period_timer, S:01, start_bandwidth_timer, watchdog/1/27
 # expires at 4248000000000-4248000000000 nsecs [in 519377847 to 519377847 nsecs]
 clock 1:
  .base:       0000000000000000
  .index:      1
  .resolution: 1 nsecs
  .get_time:   ktime_get_real
  .offset:     18446744073709551615 nsecs
active timers:
 #0: <0000000000000000>, hrtimer_wakeup, S:01, hrtimer_start, x, y/7
 # expires at 4247480622151-4247480622151 nsecs [in -1 to -1 nsecs]
  .expires_next   : 4247488980657 nsecs
  .hres_active    : 1
jiffies: 4295954166

Tick Device: mode:     1
Broadcast device
Clock Event Device: hpet
`)
  expect(stats).toMatchObject({ rows: 3, bad: 0 })
  expect(timers).toMatchObject([
    {
      clock: 'ktime_get',
      soft_expires_ns: 4247488930657n,
      expires_ns: 4247488980657n,
      comm: '/usr/bin/termin',
      pid: 2683,
    },
    { function: 'sched_rt_period_timer', position: 1, comm: 'watchdog/1', pid: 27 },
    { clock: 'ktime_get_real', position: 0, now_ns: 4247480622152n, comm: 'x, y', pid: 7 },
  ])
})

test('Linux 2.6.24 has one expiry; 5.10 has two queues of one clock', () => {
  const { stats, timers } = parse(`Timer List Version: v0.3
now at 294115539550 nsecs
cpu: 1
 clock 1:
  .index:      1
  .get_time:   ktime_get
active timers:
 #0: <c1e39e38>, it_real_fn, S:01, do_setitimer, syslogd/796
 # expires at 1207087219238 nsecs [in 912971679688 nsecs]
 clock 5:
  .get_time:   ktime_get_real
active timers:
 #0: <0000000006828050>, hrtimer_wakeup, S:01
 # expires at 1-2 nsecs [in 1 to 2 nsecs]
`)
  expect(stats.bad).toBe(0)
  expect(timers).toMatchObject([
    { cpu: 1, clock: 'ktime_get', expires_ns: 1207087219238n, soft_expires_ns: 1207087219238n, pid: 796 },
    { cpu: 1, clock: 'ktime_get_real soft', soft_expires_ns: 1n, expires_ns: 2n },
  ])
})

test('a cut or broken list loses only what is broken', () => {
  const { timers } = parse(golden)
  const middle = golden.indexOf('# expires at', golden.indexOf(' #2:')) + 20
  const cut = parse(golden.slice(0, middle))
  expect(cut.stats.bad).toBe(1)
  expect(cut.timers).toEqual(timers.slice(0, 2))
  const broken = parse(
    `\xff\x00\n # expires at 5-5 nsecs \ncpu: x\n${'#'.repeat(2 << 20)}\n${golden} #9: nonsense\n # expires at 5-5 nsecs [\n`,
  )
  expect(broken.timers).toEqual(timers)
  expect(broken.stats.bad).toBe(6)
})

test('a hostile line is given up in time', () => {
  expect(parse(`a${' '.repeat(900_000)}b\n`).stats.bad).toBe(1)
})
