/** What listings of the kernel's timers say: out of order for moments, overdue, or not there at all. */
import { expect, test } from 'vitest'
import type { RowSink } from '../../plugin/evidence.ts'
import { at, SyntheticRun, type RungSketch } from '../synthetic-run.ts'
import { confidentOf } from './findings-of.ts'

const READ: RungSketch[] = [{ collector: 'timers', tier: 'read', seconds: 10 }]
const LISTINGS = 200

/**
 * Listings of one queue, of which so many have a timer behind one that expires later; or so it looks, for the queue grew while
 * it was listed, and the one in front comes again.
 */
function listings(sink: RowSink, second: number, unordered: number, grows = false): void {
  const inOrder = [1, 5, 8, 90]
  const stepsBack = grows ? [1, 8, 5, 8, 90] : [1, 8, 5, 90]
  for (let listing = 0; listing < LISTINGS; listing++) {
    const now = (1000 + second) * 1e9 + listing * 50_000_000
    for (const [position, ms] of (listing < unordered ? stepsBack : inOrder).entries())
      sink.add('timers', {
        ts: at(second + listing * 0.05),
        cpu: 1,
        clock: 'ktime_get',
        position,
        timer: `00ff${ms}`,
        function: ms === 8 ? 'hrtick' : 'hrtimer_wakeup',
        expires_ns: now + ms * 1e6,
        now_ns: now,
        count: 1,
      })
  }
}

test.each([
  { sick: 8, grows: false, found: true },
  { sick: 8, grows: true, found: false },
  { sick: 1, grows: false, found: false },
])('out of order in $sick of 200 listings, grows: $grows', async ({ sick, grows, found }) => {
  await using run = await SyntheticRun.begin(90)
  run.capture('reference', 10, [], READ, (sink) => listings(sink('timers'), 10, 0))
  run.capture('sick', 60, [], READ, (sink) => listings(sink('timers'), 60, sick, grows))
  const confident = (await confidentOf(run)).filter(({ kind }) => kind === 'invariant')
  expect(confident.map(({ statement }) => statement)).toEqual(
    found
      ? [
          'The timer queue of CPU 1 (ktime_get) is not in order: hrtimer_wakeup at place 2 expires 3ms before hrtick, which stands in front of it (8 of 200 listings, and 0 of 200 otherwise).',
        ]
      : [],
  )
})

test.each([
  { realtime: -5, told: false },
  { realtime: 5, told: true },
])(
  'a sleeper past its deadline, and a timer on another clock that is due in $realtime s',
  async ({ realtime, told }) => {
    await using run = await SyntheticRun.begin(90)
    run.capture('sick', 60, [{ pid: 80, comm: 'java' }], READ, (sink) => {
      for (const look of [0, 1])
        sink('threads').add('threads', {
          ts: at(60 + look),
          pid: 80,
          tid: 81,
          comm: 'worker',
          process: 'java',
          state: 'S',
          syscall: 'futex',
          syscall_args: '0x7f 0x89 0x0',
          deadline_ns: at(40),
          waiting_ns: (30 + look) * 1e9,
          voluntary_switches: 900,
        })
      listings(sink('timers'), 61, 0)
      const now = 1.7e18
      sink('timers').add('timers', {
        ts: at(62),
        cpu: 1,
        clock: 'ktime_get_real',
        position: 0,
        function: 'hrtimer_wakeup',
        expires_ns: now + realtime * 1e9,
        now_ns: now,
        count: 1,
      })
    })
    const found = (await confidentOf(run)).find(({ subject }) => subject.tid === 81)
    expect(found?.statement).toMatch(/past its deadline/)
    expect(found?.statement.includes('(200 times) none is overdue')).toBe(told)
  },
)
