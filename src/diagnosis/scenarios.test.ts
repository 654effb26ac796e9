/** Whole cases, made up: each fault must be named, decoys must not be. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { answerOf } from './answer.ts'
import type { Finding } from '../model/finding.ts'
import type { RunRecord } from '../model/run.ts'
import type { RowSink } from '../plugin/evidence.ts'
import { diagnose } from './diagnose.ts'
import { loadPrecedents } from './precedent/load.ts'
import { at, normal, SyntheticRun, type RungSketch } from './synthetic-run.ts'

const precedents = join(import.meta.dirname, 'precedents')
const CACHES = [
  'kmalloc-64',
  'kmalloc-128',
  'kmalloc-256',
  'ext4_inode_cache',
  'filp',
  'vm_area_struct',
  'task_struct',
  'sock_inode_cache',
  'proc_inode_cache',
  'shmem_inode_cache',
]

type Sink = (collector: string) => RowSink

/** Diagnoses, and runs the query of every finding: each must show rows. */
async function findingsOf(run: SyntheticRun): Promise<Finding[]> {
  const { record, evidence } = await run.open()
  const findings = await diagnose({ record, evidence, precedents: await loadPrecedents([precedents]) })
  if (process.env['SHOW'] !== undefined) show(record, findings)
  for (const finding of findings) {
    const queries = [
      finding.sql,
      ...(finding.chart !== undefined && 'sql' in finding.chart ? [finding.chart.sql] : []),
    ]
    for (const sql of queries) {
      const rows = await evidence.rows(sql)
      if (finding.kind !== 'precedent' && finding.kind !== 'intervention') expect(rows, sql).not.toEqual([])
    }
  }
  return findings
}

function show(record: RunRecord, findings: readonly Finding[]): void {
  process.stderr.write(`${answerOf(record, findings)}\n`)
  for (const { rank, kind, layer, confident, confidence, statement } of findings)
    process.stderr.write(`${rank} ${kind} ${layer} ${confident} ${confidence.toFixed(4)} ${statement}\n`)
}

test('a cache that an inconspicuous process fills makes a call slow', async () => {
  await using run = await SyntheticRun.begin(120)
  const noise = normal(1)
  const dentries = (t: number): number => (t < 98 ? 20_000 + 9_000 * t : 21_000)
  run.samples('node_dentry_total', {}, (t) => dentries(t) + 300 * noise())
  run.samples('node_dentry_negative', {}, (t) => dentries(t) - 18_000 + 300 * noise())
  run.samples('node_slabinfo_active_objects', { slab: 'dentry' }, (t) => dentries(t) + 300 * noise())
  for (const slab of CACHES) run.samples('node_slabinfo_active_objects', { slab }, () => 9000 + 100 * noise())
  for (const [pid, comm, cpu] of [
    [40, 'burner', 0.9],
    [41, 'reader', 0.5],
    [42, 'licenced', 0.02],
  ] as const)
    run.samples('process_cpu_seconds_total', { pid: String(pid), comm, mode: 'user' }, (t) => cpu * t)
  run.samples('node_cpu_seconds_total', { cpu: '0', mode: 'user' }, (t) => 0.9 * t)
  run.probe(
    'watch',
    { type: 'command', command: './add-watch /srv/data' },
    'command',
    (t) => 2e6 + 90 * dentries(t) * (1 + 0.05 * noise()),
  )
  run.symptom('slow-watch', 60, 98, ['watch'], 'drop-caches')
  const write =
    (sick: boolean, second: number) =>
    (sink: Sink): void => {
      const latency = sink('bpf-call-latency')
      const call = (
        comm: string,
        pid: number,
        name: string,
        count: number,
        mean: number,
        path?: string,
      ): void => {
        latency.add('syscalls', {
          ts: at(second),
          comm,
          pid,
          call: name,
          count,
          duration_ns: Math.round(count * mean),
          max_ns: Math.round(2 * mean),
          args: 'total',
          finished: true,
        })
        if (path !== undefined)
          latency.add('syscalls', {
            ts: at(second),
            comm,
            pid,
            call: name,
            count,
            duration_ns: Math.round(count * mean),
            max_ns: Math.round(2 * mean),
            args: 'sampled path',
            path,
            finished: true,
          })
      }
      const pid = sick ? 900 : 800
      call('add-watch', pid, 'inotify_add_watch', 3, sick ? 60e6 : 8e3, '/srv/data')
      call('add-watch', pid, 'execve', 3, sick ? 420e3 : 400e3)
      for (const [i, name] of [
        'read',
        'openat',
        'close',
        'newfstatat',
        'mmap',
        'munmap',
        'lseek',
        'getdents64',
      ].entries())
        for (const [j, comm] of ['burner', 'reader', 'licenced'].entries())
          call(comm, 40 + j, name, 5000, (1000 + 200 * i) * Math.exp(0.3 * noise()))
      const failed = sink('bpf-failed-calls')
      const fail = (comm: string, p: number, count: number, path: (i: number) => string): void => {
        failed.add('syscalls', {
          ts: at(second),
          comm,
          pid: p,
          call: 'newfstatat',
          errno: 'ENOENT',
          args: 'total',
          count,
          finished: true,
        })
        for (let i = 0; i < 40; i++)
          failed.add('syscalls', {
            ts: at(second),
            comm,
            pid: p,
            call: 'newfstatat',
            errno: 'ENOENT',
            args: 'sampled path',
            path: path(i),
            count: count / 40,
            finished: true,
          })
      }
      fail('licenced', 42, 40_000, (i) => `/srv/data/null${sick ? i : 1000 + i}x`)
      fail('reader', 41, 700, () => '/etc/ld.so.preload')
      const slabs = sink('slabs')
      for (const slab of CACHES)
        slabs.add('slabs', {
          ts: at(second),
          slab,
          active_objects: 9000 + Math.round(100 * noise()),
          objects: 9100,
          object_bytes: 200,
        })
      slabs.add('slabs', {
        ts: at(second),
        slab: 'dentry',
        active_objects: Math.round(dentries(second)),
        objects: 1e6,
        object_bytes: 192,
      })
      const perf = sink('perf-cpu')
      if (sick)
        perf.add('stacks', {
          ts: at(second),
          comm: 'add-watch',
          pid,
          state: 'on-cpu',
          event: 'cpu-clock',
          unit: 'samples',
          weight: 40,
          kernel_frames: 4,
          frames: [
            'fsnotify_set_children_dentry_flags',
            'do_inotify_add_watch',
            '__x64_sys_inotify_add_watch',
            'do_syscall_64',
            'main',
          ],
        })
      perf.add('stacks', {
        ts: at(second),
        comm: 'burner',
        pid: 40,
        state: 'on-cpu',
        event: 'cpu-clock',
        unit: 'samples',
        weight: 400,
        kernel_frames: 0,
        frames: ['spin', 'main'],
      })
      perf.add('stacks', {
        ts: at(second),
        comm: 'reader',
        pid: 41,
        state: 'on-cpu',
        event: 'cpu-clock',
        unit: 'samples',
        weight: 200,
        kernel_frames: 3,
        frames: ['filemap_read', 'vfs_read', '__x64_sys_read', 'main'],
      })
    }
  run.capture(
    'reference',
    10,
    [{ pid: 800, comm: 'add-watch' }],
    [{ collector: 'slabs', tier: 'read', seconds: 4 }],
    write(false, 12),
  )
  run.capture(
    'sick',
    62,
    [{ pid: 900, comm: 'add-watch' }],
    [
      { collector: 'slabs', tier: 'read', seconds: 3 },
      { collector: 'perf-cpu', tier: 'sample', seconds: 10 },
      { collector: 'bpf-failed-calls', tier: 'trace', seconds: 10 },
      { collector: 'strace', tier: 'stop', seconds: 10 },
      { collector: 'drop-caches', tier: 'change', seconds: 8, cures: true },
    ],
    write(true, 66),
  )
  const findings = await findingsOf(run)
  const confident = findings.filter((finding) => finding.confident)
  const by = (kind: string) => confident.filter((finding) => finding.kind === kind)
  expect(
    by('difference').some(
      ({ subject }) => subject.call === 'inotify_add_watch' && subject.path === '/srv/data',
    ),
  ).toBe(true)
  expect(
    by('difference').some(({ subject }) => subject.function === 'fsnotify_set_children_dentry_flags'),
  ).toBe(true)
  expect(by('trend').some(({ subject }) => subject.slab === 'dentry')).toBe(true)
  expect(by('attribution').map(({ subject }) => [subject.comm, subject.pid])).toEqual([['licenced', 42]])
  expect(by('intervention').map(({ subject }) => subject.collector)).toEqual(['drop-caches'])
})

test('a server goes dark because a wakeup is lost', async () => {
  await using run = await SyntheticRun.begin(100)
  const noise = normal(2)
  const dark = (t: number): boolean => t >= 40 && t < 80
  const fast = (): number => 1e6 * Math.exp(0.2 * noise())
  const knock = (protocol: 'tcp' | 'udp' | 'unix', address: string) => ({
    type: 'socket' as const,
    protocol,
    address,
  })
  run.probe('http', knock('tcp', '127.0.0.1:18080'), 'http', (t) => (dark(t) ? null : fast()), 2)
  run.probe('hatch', knock('unix', '/tmp/app.sock'), 'http', (t) => (dark(t) ? null : fast()), 2)
  run.probe('status', knock('udp', '127.0.0.1:18080'), 'udp', fast, 2)
  run.probe('neighbour', knock('tcp', '127.0.0.1:18090'), 'http', fast, 2)
  run.symptom('dark', 40, 80, ['http'], 'strace')
  const write =
    (sick: boolean, second: number) =>
    (sink: Sink): void => {
      const threads = sink('threads')
      for (const look of [0, 1]) {
        const thread = (
          pid: number,
          tid: number,
          call: string,
          args: string,
          switches: number,
          waiting: number,
        ): void => {
          const row = { ts: at(second + look), pid, tid, comm: 'orderd', process: 'orderd', state: 'S' }
          const wait = {
            syscall: call,
            syscall_args: args,
            timeout_ns: -1,
            waiting_ns: Math.round((waiting + look) * 1e9),
          }
          threads.add('threads', { ...row, ...wait, voluntary_switches: switches, involuntary_switches: 0 })
        }
        thread(
          50,
          50,
          'epoll_wait',
          '0x5 0x7ffe 0x40 0xffffffffffffffff 0x0 0x0',
          sick ? 900 : 400 + 10 * look,
          sick ? 6 : -0.9,
        )
        thread(50, 51, 'recvfrom', '0x7 0x7ffe 0x400 0x0 0x0 0x0', second * 3 + look, 0)
        thread(60, 60, 'epoll_wait', '0x5 0x7ffe 0x40 0xffffffffffffffff 0x0 0x0', second * 9 + 5 * look, 0)
      }
      const files = sink('files')
      for (const pid of [50, 60]) {
        for (const watched of [4, 6]) {
          files.add('files', {
            ts: at(second),
            pid,
            comm: 'orderd',
            fd: 5,
            kind: 'epoll-watch',
            watched_fd: watched,
            events: '80000001',
          })
        }
      }
      const sockets = sink('sockets')
      const socket = (
        protocol: string,
        state: string,
        local: string,
        pid: number,
        fd: number,
        queue: number,
      ): void => {
        const owner = { pid, fd, comm: 'orderd', inode: pid * 100 + fd }
        const ends = { local, remote: state === 'UNCONN' ? '0.0.0.0:*' : '' }
        sockets.add('sockets', {
          ts: at(second),
          protocol,
          state,
          recv_queue: queue,
          send_queue: 128,
          ...ends,
          ...owner,
        })
      }
      socket('tcp', 'LISTEN', '0.0.0.0:18080', 50, 4, sick ? 5 : 0)
      socket('unix', 'LISTEN', '/tmp/app.sock', 50, 6, sick ? 4 : 0)
      socket('udp', 'UNCONN', '127.0.0.1:18080', 50, 7, 0)
      socket('tcp', 'LISTEN', '0.0.0.0:18090', 60, 4, 0)
      if (sick) {
        const strace = sink('strace')
        strace.add('syscalls', {
          ts: at(second + 20),
          pid: 50,
          tid: 50,
          comm: 'orderd',
          call: 'epoll_wait',
          errno: 'EINTR',
          result: -1,
          duration_ns: 1e9,
          count: 1,
          finished: true,
        })
      }
    }
  const target = [{ pid: 50, comm: 'orderd' }]
  run.capture('reference', 10, target, [{ collector: 'threads', tier: 'read', seconds: 4 }], write(false, 12))
  const rungs: RungSketch[] = [
    { collector: 'threads', tier: 'read', seconds: 3 },
    { collector: 'sockets', tier: 'read', seconds: 1 },
    { collector: 'perf-on-cpu', tier: 'sample', seconds: 15 },
    { collector: 'bpf-wakeups', tier: 'trace', seconds: 13 },
    { collector: 'strace', tier: 'stop', seconds: 3, cures: true },
  ]
  run.capture('sick', 46, target, rungs, write(true, 47))
  const findings = await findingsOf(run)
  const confident = findings.filter((finding) => finding.confident)
  const dead = confident.find(({ kind, layer }) => kind === 'absence' && layer === 'symptom')
  expect(dead?.statement).toMatch(/Probes hatch .* and http .* no answer/)
  expect(dead?.statement).toMatch(/epoll instance fd 5 of thread 50/)
  const contradiction = confident.find(({ kind }) => kind === 'invariant')
  expect(contradiction?.subject).toMatchObject({
    pid: 50,
    tid: 50,
    call: 'epoll_wait',
    signature: 'lost wakeup',
  })
  const cure = confident.find(({ kind }) => kind === 'intervention')
  expect(cure?.subject).toMatchObject({ collector: 'strace', tid: 50, errno: 'EINTR' })
  expect(cure?.statement).toMatch(/lost wakeup.*tracer hides it/)
  expect(confident.filter(({ subject }) => subject.pid === 60)).toEqual([])
})
