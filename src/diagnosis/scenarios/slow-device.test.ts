/** A disk that becomes slower under the same load, while a neighbour is busier on another one. */
import { expect, test } from 'vitest'
import { at, normal, SyntheticRun } from '../synthetic-run.ts'
import { confidentOf, type Sink } from './findings-of.ts'

const SECONDS = 120
const WRITERS = [
  { comm: 'saver', pid: 50, device: 'vdc', bytes: 1.5e6 },
  { comm: 'jotter', pid: 51, device: 'vdc', bytes: 5e4 },
  { comm: 'shipper', pid: 52, device: 'vdd', bytes: 6e6 },
]

interface Story {
  /** Bytes per second of a writer; what it does with the disk of the symptom. */
  readonly pace: (comm: string, usual: number, t: number) => number
  /** Seconds that a request takes. */
  readonly request: (device: string, t: number) => number
}

async function tell(run: SyntheticRun, { pace, request }: Story): Promise<void> {
  const noise = normal(7)
  const shaky = (value: number): number => Math.max(0, value * (1 + 0.1 * noise()))
  for (const device of ['vdc', 'vdd']) {
    const own = WRITERS.filter((writer) => writer.device === device)
    const sums = { requests: 0, bytes: 0, seconds: 0, busy: 0 }
    const rows = Array.from({ length: SECONDS }, (_, t) => {
      const bytes = shaky(own.reduce((sum, { comm, bytes: usual }) => sum + pace(comm, usual, t), 0))
      const requests = bytes / 250_000
      sums.requests += requests
      sums.bytes += bytes
      sums.seconds += requests * shaky(request(device, t))
      sums.busy += Math.min(1, requests * request(device, t))
      return { ...sums }
    })
    run.samples('node_disk_writes_completed_total', { device }, (t) => rows[t]?.requests ?? 0)
    run.samples('node_disk_written_bytes_total', { device }, (t) => rows[t]?.bytes ?? 0)
    run.samples('node_disk_write_time_seconds_total', { device }, (t) => rows[t]?.seconds ?? 0)
    run.samples('node_disk_io_time_seconds_total', { device }, (t) => rows[t]?.busy ?? 0)
  }
  for (const { comm, pid, bytes } of WRITERS) {
    let written = 0
    run.samples(
      'process_io_written_bytes_total',
      { comm, pid: String(pid) },
      (t) => (written += shaky(pace(comm, bytes, t))),
    )
  }
  run.samples('saver_bytes_per_second', {}, (t) => shaky(pace('saver', 1.5e6, t)))
  run.symptom('slow', 81, null, [], null, 'saver_bytes_per_second < 5e5')
  const traced =
    (second: number) =>
    (sink: Sink): void => {
      for (const { comm, pid, device, bytes } of WRITERS) {
        const moved = 6 * pace(comm, bytes, second)
        const count = Math.max(1, Math.round(moved / 250_000))
        sink('blktrace').add('block_io', {
          ts: at(second),
          comm,
          pid,
          device,
          operation: 'write',
          bytes: moved,
          queue_ns: count * 1e6,
          latency_ns: Math.round(count * request(device, second) * 1e9),
          max_ns: Math.round(request(device, second) * 2e9),
          count,
          finished: true,
        })
      }
      sink('threads').add('threads', {
        ts: at(second),
        pid: 50,
        tid: 50,
        comm: 'saver',
        process: 'saver',
        state: second > 80 ? 'D' : 'S',
        syscall: second > 80 ? 'fsync' : 'clock_nanosleep',
      })
    }
  const rungs = [
    { collector: 'threads', tier: 'read', seconds: 1 },
    { collector: 'blktrace', tier: 'trace', seconds: 6 },
  ] as const
  run.capture('reference', 30, [], rungs, traced(33))
  run.capture('sick', 90, [{ pid: 50, comm: 'saver' }], rungs, traced(93))
}

const isSlow = (t: number): boolean => t >= 80

test('its users are told by two accounts, and who is innocent', async () => {
  await using run = await SyntheticRun.begin(SECONDS)
  await tell(run, {
    pace: (comm, usual, t) => (comm === 'saver' && isSlow(t) ? 0.3e6 : usual),
    request: (device, t) => (device === 'vdc' && isSlow(t) ? 0.7 : 0.02),
  })
  const confident = await confidentOf(run)
  const brief = confident.map(({ kind, subject: { comm, device, metric, signature } }) =>
    [kind, comm ?? metric, device, signature].join(' '),
  )
  expect(brief).toEqual(
    expect.arrayContaining([
      'trend saver_bytes_per_second  ',
      'difference  vdc slower device',
      'attribution saver vdc slower device',
      'attribution shipper vdd ',
    ]),
  )
  const [course] = confident.filter(({ kind, layer }) => kind === 'trend' && layer === 'symptom')
  expect(course?.statement).toMatch(/held 1\.4\d MiB\/s for 1m 20s and then fell in one step to 2\d\d KiB\/s/)
  const [device] = confident.filter(({ kind, subject }) => kind === 'difference' && subject.device === 'vdc')
  expect(device?.statement).toMatch(/passed in the device .* they wait for the device, not in the queue/)
  const [user] = confident.filter(({ subject }) => subject.comm === 'saver' && subject.device !== undefined)
  expect(user?.statement).toMatch(
    /by who queued it, and 8\d.* by what \/proc counts .* none waiting for a lock/,
  )
  const [innocent] = confident.filter(({ subject }) => subject.comm === 'shipper')
  expect(innocent?.statement).toMatch(/but on vdd, where a request takes .*: it is not to blame/)
})

test('a device that somebody loads more is not called slower, whoever suffers', async () => {
  await using run = await SyntheticRun.begin(SECONDS)
  await tell(run, {
    pace: (comm, usual, t) => (isSlow(t) ? ({ saver: 0.3e6, jotter: 9e6 }[comm] ?? usual) : usual),
    request: (device, t) => (device === 'vdc' && isSlow(t) ? 0.2 : 0.02),
  })
  const confident = await confidentOf(run)
  expect(confident.filter(({ subject }) => subject.signature === 'slower device')).toEqual([])
  expect(
    confident.filter(({ kind, subject }) => kind === 'attribution' && subject.comm !== 'jotter'),
  ).toEqual([])
})

test('a figure that wears off is told by the time in which it halves', async () => {
  await using run = await SyntheticRun.begin(SECONDS)
  const noise = normal(3)
  run.samples('saver_bytes_per_second', {}, (t) => 2e6 * 0.5 ** (t / 30) * (1 + 0.03 * noise()))
  run.symptom('slow', 70, null, [], null, 'saver_bytes_per_second < 4e5')
  const [course] = (await confidentOf(run)).filter(
    ({ kind, layer }) => kind === 'trend' && layer === 'symptom',
  )
  expect(course?.statement).toMatch(/wore off from .*, halving every (29|30)/)
})
