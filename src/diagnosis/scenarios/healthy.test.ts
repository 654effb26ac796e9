/** Runs in which nothing is wrong: whatever noise there is, nothing may be stated with confidence. */
import { expect, test } from 'vitest'
import { at, normal, random, SyntheticRun, type RungSketch } from '../synthetic-run.ts'
import { confidentOf, type Sink } from './findings-of.ts'

/** Made-up runs of each kind; RUNS=200 for the figure in docs/guides/how-findings-are-ranked.md. */
const RUNS = Number(process.env['RUNS'] ?? 20)

const RUNGS: RungSketch[] = [
  { collector: 'threads', tier: 'read', seconds: 3 },
  { collector: 'strace', tier: 'stop', seconds: 3 },
]

/** Metrics of all kinds: white, autocorrelated, walking, ramping, bursting. */
function noisy(run: SyntheticRun, seed: number, count: number): void {
  const noise = normal(seed)
  const uniform = random(seed)
  for (let i = 0; i < count; i++) {
    let walk = 0
    let total = 0
    const shape = i % 5
    const jump = 20 + Math.floor(uniform() * 80)
    run.samples(
      shape === 4 ? `node_vmstat_pg${i}_total` : `app_gauge_${i}`,
      { comm: `proc${i % 7}`, pid: String(i) },
      (t) => {
        walk = 0.9 * walk + noise()
        total += Math.exp(noise())
        if (shape === 0) return 100 + 10 * noise()
        if (shape === 1) return 100 + 10 * walk
        if (shape === 2) return 100 + t * (i % 3) + noise()
        if (shape === 3) return t > jump ? 300 + noise() : 100 + noise()
        return total
      },
    )
  }
}

function capture(run: SyntheticRun, seed: number, role: 'reference' | 'sick', second: number): void {
  const noise = normal(seed * 31 + second)
  const uniform = random(seed * 17 + second)
  run.capture(role, second, [{ pid: 50, comm: 'server' }], RUNGS, (sink: Sink) => {
    for (let i = 0; i < 120; i++) {
      const mean = 2000 * Math.exp(0.5 * noise()) * (1 + (i % 9))
      const count = 1 + Math.floor(uniform() * 500)
      sink('bpf-call-latency').add('syscalls', {
        ts: at(second),
        comm: `proc${i % 7}`,
        pid: 40 + (i % 7),
        call: `call${i % 40}`,
        args: 'total',
        count,
        duration_ns: Math.round(count * mean),
        max_ns: Math.round(20 * mean),
        finished: true,
      })
      sink('slab').add('slabs', {
        ts: at(second),
        slab: `kmalloc-${i}`,
        active_objects: Math.round(5000 * Math.exp(0.3 * noise())),
        objects: 9000,
        object_bytes: 256,
      })
      sink('bpf-failed-calls').add('syscalls', {
        ts: at(second),
        comm: `proc${i % 7}`,
        pid: 40 + (i % 7),
        call: 'openat',
        errno: 'ENOENT',
        args: 'total',
        count: Math.ceil(30 * uniform()),
        finished: true,
      })
      sink('perf-cpu').add('stacks', {
        ts: at(second),
        comm: `proc${i % 7}`,
        pid: 40 + (i % 7),
        state: 'on-cpu',
        event: 'cpu-clock',
        unit: 'samples',
        weight: Math.ceil(9 * uniform()),
        kernel_frames: 1,
        frames: [`function_${i % 30}`, 'main'],
      })
    }
    for (const look of [0, 1]) {
      for (let tid = 50; tid < 60; tid++) {
        const timed = tid % 2 === 0
        const wait = timed
          ? {
              syscall: 'futex',
              syscall_args: '0x1 0x89',
              deadline_ns: at(second + look + 0.2 * uniform()),
              waiting_ns: 2e8,
            }
          : {
              syscall: 'epoll_wait',
              syscall_args: '0x5 0x1 0x40 0xffffffffffffffff',
              timeout_ns: -1,
              waiting_ns: 3e9,
            }
        sink('threads').add('threads', {
          ts: at(second + look),
          pid: 50,
          tid,
          comm: 'server',
          process: 'server',
          state: 'S',
          voluntary_switches: second * 5,
          involuntary_switches: 0,
          ...wait,
        })
      }
    }
    sink('files').add('files', {
      ts: at(second),
      pid: 50,
      comm: 'server',
      fd: 5,
      kind: 'epoll-watch',
      watched_fd: 4,
      events: '80000001',
    })
    sink('sockets').add('sockets', {
      ts: at(second),
      protocol: 'tcp',
      state: 'LISTEN',
      local: '0.0.0.0:80',
      recv_queue: 0,
      send_queue: 128,
      inode: 5,
      pid: 50,
      fd: 4,
      comm: 'server',
    })
    for (let position = 0; position < 8; position++) {
      const expires = 1e12 + position * 1e6 - 5e4
      sink('timers').add('timers', {
        ts: at(second),
        cpu: 0,
        clock: 'ktime_get',
        position,
        function: 'tick',
        expires_ns: expires,
        now_ns: 1e12,
        count: 1,
      })
    }
  })
}

test('without a symptom nothing is stated, over many seeds', async () => {
  const alarms: string[] = []
  for (let seed = 1; seed <= RUNS; seed++) {
    await using run = await SyntheticRun.begin(100)
    const noise = normal(seed + 1000)
    noisy(run, seed, 60)
    run.probe(
      'ping',
      { type: 'socket', protocol: 'tcp', address: '127.0.0.1:80' },
      'tcp',
      () => 1e6 * Math.exp(0.4 * noise()),
    )
    capture(run, seed, 'reference', 20)
    capture(run, seed, 'sick', 70)
    for (const { statement } of await confidentOf(run)) alarms.push(`${seed}: ${statement}`)
  }
  expect(alarms).toEqual([])
}, 600_000)

test('a symptom without a cause in sight blames nobody', async () => {
  const blamed: string[] = []
  for (let seed = 1; seed <= RUNS; seed++) {
    await using run = await SyntheticRun.begin(100)
    const noise = normal(seed + 2000)
    // Only stationary noise: whatever differs between both sides does so by chance.
    for (let i = 0; i < 60; i++) {
      let walk = 0
      run.samples(
        `app_gauge_${i}`,
        { comm: `proc${i % 7}`, pid: String(i) },
        () => 100 + 10 * (walk = 0.8 * walk + noise()),
      )
    }
    run.probe(
      'ping',
      { type: 'socket', protocol: 'tcp', address: '127.0.0.1:80' },
      'tcp',
      () => 1e6 * Math.exp(0.4 * noise()),
    )
    run.symptom('chance', 60, 90, ['ping'])
    capture(run, seed, 'reference', 20)
    capture(run, seed, 'sick', 70)
    for (const { statement } of await confidentOf(run)) blamed.push(`${seed}: ${statement}`)
  }
  expect(blamed).toEqual([])
}, 600_000)
