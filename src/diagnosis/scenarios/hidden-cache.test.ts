import { expect, test } from 'vitest'
import { at, normal, SyntheticRun } from '../synthetic-run.ts'
import { findingsOf, type Sink } from './findings-of.ts'

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
