/** What the kernel reports of itself, in runs with and without a symptom; the records are those of real consoles. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseLine, piecesOf } from '../../base/kernel-reports/line.ts'
import { at, normal, NODE, SyntheticRun, type RungSketch } from '../synthetic-run.ts'
import { confidentOf, findingsOf, type Sink } from './findings-of.ts'

const READ: RungSketch[] = [{ collector: 'kernel-log', tier: 'read', seconds: 3 }]

/** The console of a fixture as the log of a node whose first report begins at this second. */
function logOf(name: string, second: number, after = 0): (sink: Sink) => void {
  const text = readFileSync(
    new URL(`../../base/kernel-reports/fixtures/${name}.txt`, import.meta.url),
    'utf8',
  )
  const lines = text.split('\n').flatMap((line, i) => piecesOf(line).map((piece) => parseLine(piece, i)))
  const kernel = lines.filter(
    ({ stamped, text: said }) => stamped && !/^(?:Run|Write|x86|provoke:|Linux|Command)/.test(said),
  )
  const [first] = kernel
  return (sink) => {
    for (const [position, line] of kernel.entries()) {
      sink('kernel-log').add('kernel_log', {
        ts: at(second + (line.seconds ?? 0) - (first?.seconds ?? 0)),
        level: 'warn',
        facility: 'kern',
        message: line.text,
        position: after + position,
      })
    }
  }
}

/** A probe that answers slowly from this second on. */
function slow(run: SyntheticRun, from: number): void {
  const noise = normal(3)
  run.probe(
    'ask',
    { type: 'socket', protocol: 'tcp', address: '127.0.0.1:80' },
    'tcp',
    (t) => (t >= from ? 400e6 : 5e6) * Math.exp(0.1 * noise()),
  )
  run.symptom('slow', from, null, ['ask'])
}

test('a task that hangs is overdue, and says where and when', async () => {
  await using run = await SyntheticRun.begin(120)
  slow(run, 60)
  run.capture('reference', 20, [], READ, (sink) =>
    sink('kernel-log').add('kernel_log', { ts: at(2), message: 'usb 1-1: new device' }),
  )
  run.capture('sick', 70, [], READ, logOf('hung', 58))
  const found = (await confidentOf(run)).find(({ subject }) => subject.function === 'take_held_mutex')
  expect(found).toMatchObject({ kind: 'overdue', layer: 'kernel', subject: { node: NODE, comm: 'init' } })
  expect(found?.statement).toBe(
    'The kernel reported INFO: task hung in take_held_mutex (task that was blocked for too long) 2 times, first 2s before the symptom began; init (pid 91).',
  )
})

test('the same log read twice is not reported twice', async () => {
  await using run = await SyntheticRun.begin(120)
  slow(run, 60)
  run.capture('sick', 70, [], READ, logOf('warn', 65))
  run.capture('sick', 90, [], READ, logOf('warn', 65.001))
  const found = (await findingsOf(run)).filter(({ statement }) =>
    statement.includes('WARNING in provoke_write'),
  )
  expect(found.map(({ effect }) => effect.value)).toEqual([2])
})

test('what is reported in the healthy stretch too is a habit', async () => {
  await using run = await SyntheticRun.begin(120)
  slow(run, 60)
  run.capture('reference', 20, [], READ, logOf('oops', 10))
  run.capture('sick', 70, [], READ, (sink) => {
    logOf('oops', 10)(sink)
    logOf('oops', 65, 1000)(sink)
  })
  const found = (await findingsOf(run)).filter(({ statement }) => statement.startsWith('The kernel reported'))
  expect(found.length).toBe(3)
  expect(found.some(({ confident }) => confident)).toBe(false)
  expect(found[0]?.statement).toContain('It is a habit of this host: 1 of them came while all was well.')
})

test('without a symptom a panic stands by itself, and what is older than the run does not count', async () => {
  await using run = await SyntheticRun.begin(60)
  run.capture('reference', 20, [], READ, (sink) => {
    logOf('soft', -500)(sink)
    logOf('sysrq', 30, 1000)(sink)
  })
  const confident = await confidentOf(run)
  expect(confident.map(({ kind, statement }) => [kind, statement.includes('sysrq triggered crash')])).toEqual(
    [['invariant', true]],
  )
})

test('who was killed for want of memory', async () => {
  await using run = await SyntheticRun.begin(120)
  slow(run, 60)
  run.capture('sick', 70, [], READ, logOf('oom', 61))
  const found = (await confidentOf(run)).find(({ kind }) => kind === 'attribution')
  expect(found).toMatchObject({ layer: 'memory', subject: { comm: 'busybox' } })
})

test('a queue of timers that the kernel printed and that is not in order stands by itself', async () => {
  await using run = await SyntheticRun.begin(60)
  run.capture('sick', 30, [], READ, (sink) => {
    for (const [position, expires] of [10_000_000, 208_225_793_771, 208_222_423_748].entries()) {
      sink('kernel-log').add('timers', {
        ts: at(25),
        cpu: 10,
        clock: 'unknown',
        position,
        function: position === 1 ? 'hrtick' : 'hrtimer_wakeup',
        expires_ns: expires,
        count: 1,
      })
    }
  })
  const [found] = await confidentOf(run)
  expect(found).toMatchObject({
    kind: 'invariant',
    subject: { function: 'hrtimer_wakeup', timer: 'cpu 10 unknown' },
  })
  expect(found?.statement).toBe(
    'The timer queue of CPU 10 is not in order: hrtimer_wakeup at place 2 expires 3.37ms before hrtick, which stands in front of it (as the kernel itself printed it, once).',
  )
})
