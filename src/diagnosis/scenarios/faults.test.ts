/** Faults that nobody tuned a method for, each small: the culprit must be named, its busy neighbours must not. */
import { expect, test } from 'vitest'
import type { Finding } from '../../model/finding.ts'
import { at, normal, NODE, SyntheticRun, type RungSketch } from '../synthetic-run.ts'
import { confidentOf, type Sink } from './findings-of.ts'

const READ: RungSketch[] = [{ collector: 'threads', tier: 'read', seconds: 3 }]
const agents = (findings: readonly Finding[]): (string | undefined)[] =>
  findings.filter(({ kind }) => kind === 'attribution').map(({ subject }) => subject.comm)

/** A host with three processes that go on as ever. */
function neighbours(run: SyntheticRun, seed: number): void {
  const noise = normal(seed)
  for (const [pid, comm, cpu, rss] of [
    [40, 'burner', 0.9, 50e6],
    [41, 'reader', 0.4, 200e6],
    [42, 'sshd', 0.01, 8e6],
  ] as const) {
    const labels = { comm, pid: String(pid) }
    let used = 0
    run.samples(
      'process_cpu_seconds_total',
      { ...labels, mode: 'user' },
      () => (used += cpu * (1 + 0.05 * noise())),
    )
    run.samples('process_resident_memory_bytes', labels, () => rss * (1 + 0.01 * noise()))
    run.samples('process_open_fds', labels, () => 30 + Math.round(noise()))
    run.samples('process_threads', labels, () => 4)
  }
  for (const field of ['Dirty', 'Slab', 'PageTables', 'Mapped']) {
    run.samples(`node_memory_${field}_bytes`, {}, () => 1e8 * (1 + 0.02 * noise()))
  }
}

test('memory that one process takes', async () => {
  await using run = await SyntheticRun.begin(120)
  neighbours(run, 1)
  const noise = normal(11)
  const rss = (t: number): number => 30e6 + 12e6 * t * (1 + 0.01 * noise())
  run.samples('process_resident_memory_bytes', { comm: 'cachette', pid: '77' }, rss)
  run.samples('process_cpu_seconds_total', { comm: 'cachette', pid: '77', mode: 'user' }, (t) => 0.02 * t)
  run.samples('node_memory_AnonPages_bytes', {}, (t) => 300e6 + rss(t))
  run.samples('node_memory_MemAvailable_bytes', {}, (t) => 2e9 - rss(t))
  run.symptom('low-memory', 90, null, [], null, 'node_memory_MemAvailable_bytes < 1e9')
  run.capture('sick', 92, [], READ, () => undefined)
  const confident = await confidentOf(run)
  expect(agents(confident)).toEqual(['cachette'])
  expect(confident.some(({ kind, subject }) => kind === 'trend' && subject.comm === 'cachette')).toBe(true)
  expect(confident.some(({ subject }) => subject.signature === 'leak')).toBe(true)
})

test('descriptors that one process takes', async () => {
  await using run = await SyntheticRun.begin(120)
  neighbours(run, 2)
  run.samples('process_open_fds', { comm: 'proxyd', pid: '78' }, (t) => 20 + 8 * Math.min(t, 100))
  run.samples('node_filefd_allocated', {}, (t) => 900 + 8 * Math.min(t, 100))
  run.probe('front', { type: 'socket', protocol: 'tcp', address: '127.0.0.1:80' }, 'tcp', (t) =>
    t > 100 ? null : 1e6,
  )
  run.symptom('refused', 101, null, ['front'])
  run.capture('sick', 104, [{ pid: 78, comm: 'proxyd' }], READ, () => undefined)
  const confident = await confidentOf(run)
  expect(agents(confident)).toEqual(['proxyd'])
  expect(confident.some(({ kind, subject }) => kind === 'trend' && subject.comm === 'proxyd')).toBe(true)
})

test('a neighbour that writes makes another wait for the disk', async () => {
  await using run = await SyntheticRun.begin(120)
  neighbours(run, 3)
  const noise = normal(31)
  const bursts = (t: number): boolean => t >= 60
  let written = 0
  let io = 0
  run.samples(
    'node_disk_written_bytes_total',
    { device: 'vda' },
    (t) => (written += (bursts(t) ? 200e6 : 2e6) * (1 + 0.1 * noise())),
  )
  run.samples('node_disk_io_time_seconds_total', { device: 'vda' }, (t) => (io += bursts(t) ? 0.98 : 0.03))
  run.probe(
    'write',
    { type: 'command', command: 'dd if=/dev/zero of=/data/probe oflag=dsync' },
    'command',
    (t) => (bursts(t) ? 900e6 : 12e6) * Math.exp(0.2 * noise()),
  )
  run.symptom('slow-write', 61, null, ['write'])
  const write =
    (sick: boolean, second: number) =>
    (sink: Sink): void => {
      const add = (comm: string, pid: number, bytes: number, mean: number): void =>
        sink('bpf-block-io').add('block_io', {
          ts: at(second),
          comm,
          pid,
          device: 'vda',
          operation: 'write',
          bytes,
          latency_ns: mean * 100,
          max_ns: mean * 3,
          count: 100,
        })
      add('backupper', 79, sick ? 900e6 : 1e6, 40e6)
      add('jbd2/vda1', 9, sick ? 20e6 : 2e6, 3e6)
      add('dd', sick ? 901 : 801, 1e6, sick ? 800e6 : 9e6)
      sink('bpf-call-latency').add('syscalls', {
        ts: at(second),
        comm: 'dd',
        pid: sick ? 901 : 801,
        call: 'write',
        args: 'total',
        count: 10,
        duration_ns: sick ? 9e9 : 12e7,
        max_ns: sick ? 1e9 : 2e7,
        finished: true,
      })
      for (const [i, call] of ['openat', 'close', 'read', 'mmap'].entries()) {
        sink('bpf-call-latency').add('syscalls', {
          ts: at(second),
          comm: 'reader',
          pid: 41,
          call,
          args: 'total',
          count: 900,
          duration_ns: 900 * (3000 + 100 * i),
          max_ns: 9000,
          finished: true,
        })
      }
    }
  run.capture('reference', 20, [], READ, write(false, 22))
  run.capture('sick', 66, [], READ, write(true, 68))
  const confident = await confidentOf(run)
  expect(agents(confident)).toEqual(['backupper'])
  expect(
    confident.some(
      ({ kind, subject }) => kind === 'difference' && subject.call === 'write' && subject.comm === 'dd',
    ),
  ).toBe(true)
})

test('a timer queue out of order, and a sleeper past its deadline, stand by themselves', async () => {
  await using run = await SyntheticRun.begin(60)
  neighbours(run, 4)
  run.capture('sick', 30, [{ pid: 80, comm: 'java' }], READ, (sink) => {
    for (const listing of [0, 5]) {
      const now = 208_222_000_000 + listing * 1e9
      const expiries = [now + 423_748, now - 3_000_000_000, now + 3_793_771, now + 1e9]
      for (const [position, expires] of expiries.entries()) {
        sink('timers').add('timers', {
          ts: at(31 + listing),
          cpu: 10,
          clock: 'ktime_get',
          position,
          function: position === 1 ? 'hrtick' : 'hrtimer_wakeup',
          expires_ns: expires,
          soft_expires_ns: expires,
          now_ns: now,
          count: 1,
        })
      }
    }
    for (const look of [0, 1]) {
      const common = {
        ts: at(31 + look),
        pid: 80,
        comm: 'worker',
        process: 'java',
        state: 'S',
        voluntary_switches: 900,
      }
      sink('threads').add('threads', {
        ...common,
        tid: 81,
        syscall: 'futex',
        syscall_args: '0x7f 0x89 0x0',
        deadline_ns: at(5),
        waiting_ns: Math.round((26 + look) * 1e9),
      })
      sink('threads').add('threads', {
        ...common,
        tid: 82,
        syscall: 'futex',
        syscall_args: '0x7f 0x89 0x0',
        deadline_ns: at(40),
        waiting_ns: 1e9,
      })
    }
  })
  const confident = await confidentOf(run)
  expect(confident.map(({ kind, subject }) => [kind, subject.tid ?? subject.timer])).toEqual(
    expect.arrayContaining([
      ['invariant', 'cpu 10 ktime_get'],
      ['overdue', 81],
    ]),
  )
  expect(confident.some(({ subject }) => subject.tid === 82)).toBe(false)
  expect(confident.some(({ statement }) => statement.includes('timer that did not fire'))).toBe(true)
})

test('a mount that hangs beyond its options, and asks nobody', async () => {
  await using run = await SyntheticRun.begin(300)
  neighbours(run, 5)
  run.probe('mounts', { type: 'command', command: 'test-mount' }, 'command', (t) => (t > 100 ? null : 5e7), 5)
  run.symptom('hung', 101, null, ['mounts'])
  const pcap: RungSketch[] = [...READ, { collector: 'tcpdump', tier: 'trace', seconds: 10 }]
  const packets = (sink: Sink, second: number, nfs: boolean): void => {
    for (let i = 0; i < 200; i++) {
      sink('tcpdump').add('packets', {
        ts: at(second),
        protocol: 'tcp',
        source: '10.0.0.5:22',
        destination: '10.0.0.9:5000',
        bytes: 90,
      })
      if (nfs)
        sink('tcpdump').add('packets', {
          ts: at(second),
          protocol: 'tcp',
          source: '10.0.0.5:800',
          destination: '10.0.0.7:2049',
          bytes: 90,
        })
    }
  }
  run.capture('reference', 20, [], pcap, (sink) => packets(sink, 22, true))
  run.capture('sick', 270, [{ pid: 90, comm: 'mount.nfs4' }], pcap, (sink) => {
    packets(sink, 275, false)
    const args = '"10.0.0.7:/export", "/mnt/a", "nfs4", 0, "timeo=600,retrans=2,vers=4.1,addr=10.0.0.7"'
    sink('strace').add('syscalls', {
      ts: at(290),
      pid: 90,
      tid: 90,
      comm: 'mount.nfs4',
      call: 'mount',
      args,
      duration_ns: 180e9,
      count: 1,
      finished: false,
    })
    for (const look of [0, 1]) {
      for (const tid of [90, 91, 92, 93]) {
        sink('threads').add('threads', {
          ts: at(271 + look),
          pid: tid,
          tid,
          comm: 'mount.nfs4',
          process: 'mount.nfs4',
          state: 'D',
          syscall: 'mount',
          wchan: 'rpc_wait_bit_killable',
          kernel_stack: [
            '__schedule',
            'schedule',
            'rpc_wait_bit_killable',
            '__rpc_execute',
            'nfs4_create_server',
          ],
        })
      }
    }
  })
  const confident = await confidentOf(run)
  const kinds = confident.map(({ kind }) => kind)
  expect(kinds).toContain('overdue')
  expect(confident.find(({ kind, layer }) => kind === 'overdue' && layer === 'kernel')?.statement).toMatch(
    /mount of mount.nfs4 .* 120 s/,
  )
  expect(confident.some(({ kind, layer }) => kind === 'absence' && layer === 'network')).toBe(true)
})

/**
 * Mounts of a server that hang beyond their options, as `threads` and `tcpdump` show them: with this way to sleep, and these
 * packets on the wire.
 */
async function hungMounts(
  stackOf: (tid: number) => readonly string[],
  packets: readonly (readonly [source: string, destination: string, flags: string, count: number])[],
  deaf: readonly string[] = [],
): Promise<Finding[]> {
  await using run = await SyntheticRun.begin(300)
  neighbours(run, 5)
  run.symptom('hung', 101, null, [])
  const rungs: RungSketch[] = [...READ, { collector: 'tcpdump', tier: 'trace', seconds: 10 }]
  const tids = [90, 91, 92, 93]
  const targets = tids.map((pid) => ({ pid, comm: 'mount.nfs4' }))
  run.capture('reference', 20, [], rungs, (sink) => {
    const packet = {
      protocol: 'tcp',
      source: '10.0.0.5:800',
      destination: '10.0.0.17:2049',
      flags: 'PA',
      bytes: 90,
    }
    sink('tcpdump').add('packets', { ts: at(22), ...packet })
    for (let tid = 1; tid <= 40; tid++)
      sink('threads').add('threads', {
        ts: at(21),
        pid: tid,
        tid,
        comm: 'other',
        process: 'other',
        state: 'S',
      })
  })
  run.capture('sick', 270, targets, rungs, (sink) => {
    for (const [source, destination, flags, times] of packets)
      for (let i = 0; i < times; i++)
        sink('tcpdump').add('packets', {
          ts: at(285),
          protocol: 'tcp',
          source,
          destination,
          flags,
          bytes: 90,
        })
    for (const [i, remote] of deaf.entries())
      sink('sockets').add('sockets', {
        ts: at(272),
        protocol: 'tcp',
        state: 'SYN-SENT',
        local: `10.0.0.5:${900 + i}`,
        remote,
        timer: 'on 1.148ms 3',
      })
    for (const tid of tids) {
      const common = { pid: tid, tid, comm: 'mount.nfs4' }
      const args = `"10.0.0.${tid - 89}:/e", "/mnt/${tid}", "nfs4", 0x0, "timeo=200,retrans=2,vers=4.1"`
      const call = { ...common, call: 'mount', args, duration_ns: 50e9, count: 1, finished: false }
      sink('threads').add('syscalls', { ts: at(271), ...call })
      const kernel = { kernel_stack: stackOf(tid), syscall: 'mount', wchan: stackOf(tid)[0] ?? '' }
      for (const look of [0, 1])
        sink('threads').add('threads', {
          ts: at(271 + look),
          ...common,
          process: 'mount.nfs4',
          state: 'D',
          ...kernel,
        })
      const frames = ['__schedule', 'schedule', ...(tid === 90 ? [] : ['__mutex_lock']), ...stackOf(tid)]
      sink('sysrq').add('stacks', {
        ts: at(273),
        ...common,
        state: 'D',
        event: 'dump',
        frames,
        unit: 'threads',
        weight: 1,
      })
    }
  })
  return await confidentOf(run)
}

test('mounts that wait for a lock and for each other: a deadlock, and nobody is asked', async () => {
  const confident = await hungMounts(
    (tid) => [tid === 90 ? 'wait_for_twin' : 'find_server', 'nfs4_create_server'],
    // Connections are kept alive meanwhile, and another server is talked to whose address begins alike.
    [
      ['10.0.0.5:800', '10.0.0.1:2049', 'A', 20],
      ['10.0.0.1:2049', '10.0.0.5:800', 'A', 20],
      ['10.0.0.5:900', '10.0.0.17:2049', 'PA', 5],
    ],
  )
  const late = confident.find(({ kind, subject }) => kind === 'overdue' && subject.call === 'mount')
  expect(late?.statement).toMatch(/50s, although timeo=200 and retrans=2 allow 40 s, nor had 3 others/)
  expect(late?.subject.signature).toBe('deadlock')
  const where = confident.find(({ subject }) => subject.function === 'find_server')
  expect(where?.statement).toMatch(
    /for a lock, called through mount, and 1 in wait_for_twin; who is in wait_for_twin/,
  )
  const silence = confident.find(({ kind, layer }) => kind === 'absence' && layer === 'network')
  expect(silence?.statement).toMatch(
    /^No packet with anything in it went to or came from 10.0.0.1, 10.0.0.2 and 2 more/,
  )
})

test('mounts of a server that is asked and does not answer', async () => {
  const confident = await hungMounts(
    () => ['rpc_wait_bit_killable', '__rpc_execute', 'nfs4_create_server'],
    [
      ['10.0.0.5:800', '10.0.0.1:2049', 'S', 2],
      ['10.0.0.5:801', '10.0.0.2:2049', 'S', 2],
      ['10.0.0.5:802', '10.0.0.3:2049', 'S', 2],
      ['10.0.0.5:803', '10.0.0.4:2049', 'S', 2],
      ['10.0.0.5:22', '10.0.0.9:5000', 'PA', 9],
    ],
  )
  const silence = confident.find(({ kind, layer }) => kind === 'absence' && layer === 'network')
  expect(silence?.statement).toMatch(
    /^8 packets went to 10.0.0.1, 10.0.0.2 and 2 more in .* and none came back/,
  )
  expect(confident.map(({ subject }) => subject.signature)).toContain('unanswered call')
  expect(confident.map(({ subject }) => subject.signature)).not.toContain('deadlock')
})

test('connections that are not answered say so though no packet went while one captured', async () => {
  const confident = await hungMounts(
    () => ['rpc_wait_bit_killable', '__rpc_execute', 'nfs4_create_server'],
    [['10.0.0.5:22', '10.0.0.9:5000', 'PA', 9]],
    ['10.0.0.1:2049', '10.0.0.2:2049', '10.0.0.3:2049', '10.0.0.4:2049'],
  )
  const silences = confident.filter(({ kind, layer }) => kind === 'absence' && layer === 'network')
  expect(silences.map(({ statement }) => statement)).toEqual([
    expect.stringMatching(/^4 TCP connections to 10.0.0.1, 10.0.0.2 and 2 more .* 4 of them .*SYN-SENT/),
  ])
  expect(confident.map(({ subject }) => subject.signature)).toContain('unanswered call')
})

test('a kernel function that took over, and the lock in it', async () => {
  await using run = await SyntheticRun.begin(100)
  neighbours(run, 6)
  const noise = normal(61)
  run.probe(
    'lookup',
    { type: 'command', command: '/opt/app/lookup --all' },
    'command',
    (t) => (t > 60 ? 400e6 : 5e6) * Math.exp(0.1 * noise()),
  )
  run.symptom('slow-lookup', 61, null, ['lookup'])
  const write =
    (sick: boolean, second: number) =>
    (sink: Sink): void => {
      const call = (comm: string, name: string, mean: number): void =>
        sink('bpf-call-latency').add('syscalls', {
          ts: at(second),
          comm,
          pid: 7,
          call: name,
          args: 'total',
          count: 50,
          duration_ns: Math.round(50 * mean),
          max_ns: Math.round(3 * mean),
          finished: true,
        })
      call('lookup', 'keyctl', sick ? 8e6 : 20e3)
      for (const name of ['read', 'openat', 'close', 'mmap', 'statx', 'brk'])
        call('lookup', name, 4000 * Math.exp(0.3 * noise()))
      const stack = (frames: string[], weight: number): void =>
        sink('perf-cpu').add('stacks', {
          ts: at(second),
          comm: 'lookup',
          pid: 7,
          state: 'on-cpu',
          event: 'cpu-clock',
          unit: 'samples',
          weight,
          kernel_frames: frames.length,
          frames,
        })
      stack(
        [
          'native_queued_spin_lock_slowpath',
          '_raw_spin_lock',
          'key_gc_walk',
          '__do_sys_keyctl',
          '__x64_sys_keyctl',
          'do_syscall_64',
        ],
        sick ? 300 : 1,
      )
      stack(['filemap_read', 'vfs_read', '__x64_sys_read', 'do_syscall_64'], 20)
    }
  run.capture('reference', 20, [{ pid: 7, comm: 'lookup' }], READ, write(false, 22))
  run.capture('sick', 65, [{ pid: 7, comm: 'lookup' }], READ, write(true, 67))
  const confident = await confidentOf(run)
  const where = confident.find(({ subject }) => subject.function !== undefined)
  expect(where?.subject).toMatchObject({
    function: 'key_gc_walk',
    call: 'keyctl',
    comm: 'lookup',
    node: NODE,
  })
  expect(where?.statement).toMatch(/waiting for a lock/)
  expect(confident.some(({ subject }) => subject.signature === 'contention for a lock')).toBe(true)
  expect(agents(confident)).toEqual([])
})
