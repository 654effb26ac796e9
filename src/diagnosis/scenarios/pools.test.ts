/** Work that waits inside a program: pools that nobody serves, and locks that somebody keeps. */
import { expect, test } from 'vitest'
import type { RowSink } from '../../plugin/evidence.ts'
import { at, SyntheticRun, type RungSketch } from '../synthetic-run.ts'
import { confidentOf } from './findings-of.ts'

const READ: RungSketch[] = [{ collector: 'threads', tier: 'read', seconds: 3 }]
const TARGET = [{ pid: 70, comm: 'java' }]

test('a pool with work pending whose threads sleep; a busy one beside it is not accused', async () => {
  await using run = await SyntheticRun.begin(60)
  const pool = (name: string, pending: number, active: number, pace: number): void => {
    run.samples('app_pool_pending', { pool: name }, (t) => (t < 30 ? 0 : pending))
    run.samples('app_pool_active', { pool: name }, (t) => (t < 30 ? 1 : active))
    run.samples('app_pool_completed', { pool: name }, (t) => 100 + (t < 30 ? t : 30 + pace * (t - 30)))
  }
  pool('MutationStage', 4000, 0, 0)
  pool('ReadStage', 900, 32, 50)
  run.symptom('stuck', 31, null, [], null, 'app_pool_pending > 1000')
  run.capture('sick', 33, TARGET, READ, (sink) => {
    for (const look of [0, 1])
      for (const tid of [71, 72])
        sink('threads').add('threads', {
          ts: at(34 + look),
          pid: 70,
          tid,
          comm: `MutationStage-${tid - 70}`,
          process: 'java',
          state: 'S',
          syscall: 'futex',
          syscall_args: '0x7f00 0x189 0x0',
          voluntary_switches: 5,
        })
  })
  const accused = (await confidentOf(run)).filter(({ kind }) => kind === 'invariant')
  expect(accused.map(({ statement }) => statement)).toEqual([
    expect.stringMatching(
      /^Pool MutationStage has at least 4,000 tasks pending and none active .* 2 threads sleep/,
    ),
  ])
})

test('pools of several nodes on one kernel: each has the threads of its own process', async () => {
  await using run = await SyntheticRun.begin(60)
  run.shareHost(3)
  // As three nodes of Cassandra are recorded: pools by their network, threads by the host, 15 bytes of their names.
  const pool = (node: string, pending: number, active: number): void => {
    const labels = { pool: 'MutationStage' }
    run.samples('cassandra_thread_pool_pending', labels, (t) => (t < 30 ? 0 : pending), node)
    run.samples('cassandra_thread_pool_active', labels, (t) => (t < 30 ? 1 : active), node)
    run.samples('cassandra_thread_pool_completed', labels, (t) => 100 + Math.min(t, 30) + active * t, node)
  }
  pool('server/0', 90, 0)
  pool('server/1', 4000, 0)
  pool('server/2', 70, 0)
  run.symptom('stuck', 31, null, [], null, 'cassandra_thread_pool_pending > 1000')
  // The first is a target, the second is known by its sockets, and of the third nothing tells where it is.
  const target = [{ pid: 500, comm: 'java', network: 'server/0' }]
  run.capture('sick', 33, target, READ, (sink) => {
    for (const look of [0, 1])
      for (const [pid, threads, state] of [
        [500, 1, 'R'],
        [600, 2, 'S'],
        [700, 3, 'S'],
      ] as const)
        for (let number = 1; number <= threads; number++)
          sink('threads').add('threads', {
            ts: at(34 + look),
            pid,
            tid: pid + number,
            comm: `MutationStage-${number}`,
            process: 'java',
            state,
            syscall: state === 'R' ? 'running' : 'futex',
            syscall_args: '0x7f00 0x189 0x0',
            voluntary_switches: 5,
          })
    sink('sockets', 'server/1').add('sockets', {
      ts: at(34),
      protocol: 'tcp',
      state: 'LISTEN',
      local: '198.18.5.4:9042',
      recv_queue: 0,
      pid: 600,
      fd: 7,
      comm: 'java',
    })
  })
  const accused = (await confidentOf(run)).filter(({ kind }) => kind === 'invariant')
  const told = accused.map(({ subject, statement }) => [subject.node, subject.pid, statement] as const)
  expect(told.toSorted(([one = ''], [other = '']) => one.localeCompare(other))).toEqual([
    ['server/1', 600, expect.stringMatching(/^Pool MutationStage has at least 4,000 .* 2 threads sleep/)],
    [
      'server/2',
      undefined,
      expect.stringMatching(/^Pool MutationStage has at least 70 .*nobody takes the work\.$/),
    ],
  ])
})

test('work that is pending in the network of one node, whose worker is a thread of the host', async () => {
  await using run = await SyntheticRun.begin(60)
  run.shareHost(2)
  const subject = { type: 'socket', protocol: 'tcp', address: '198.18.5.4:80' } as const
  run.probe('front', subject, 'tcp', (t) => (t < 30 ? 1e6 : null))
  run.symptom('dark', 31, null, ['front'])
  const rungs: RungSketch[] = [...READ, { collector: 'sockets', tier: 'read', seconds: 1 }]
  const targets = [{ pid: 80, comm: 'orderd', network: 'server/1' }]
  const capture = (role: 'reference' | 'sick', second: number, waiting: number): void =>
    run.capture(role, second, targets, rungs, (sink) => {
      for (const look of [0, 1])
        for (const pid of [70, 80])
          sink('threads').add('threads', {
            ts: at(second + 1 + look),
            pid,
            tid: pid,
            comm: 'orderd',
            process: 'orderd',
            state: 'S',
            syscall: 'accept4',
            syscall_args: '0x3 0x0 0x0 0x0 0x0 0x0',
            timeout_ns: -1,
            waiting_ns: 6e9 + look * 1e9,
            voluntary_switches: 5,
            involuntary_switches: 0,
          })
      for (const [node, pid, local, queue] of [
        ['server/0', 70, '198.18.5.3:80', 0],
        ['server/1', 80, '198.18.5.4:80', waiting],
      ] as const)
        sink('sockets', node).add('sockets', {
          ts: at(second + 3),
          protocol: 'tcp',
          state: 'LISTEN',
          local,
          recv_queue: queue,
          send_queue: 128,
          inode: pid,
          pid,
          fd: 3,
          comm: 'orderd',
        })
    })
  capture('reference', 10, 0)
  capture('sick', 33, 9)
  const accused = (await confidentOf(run)).filter(({ kind }) => kind === 'invariant')
  expect(accused.map(({ subject: { node, pid, socket } }) => [node, pid, socket])).toEqual([
    ['server/1', 80, 'tcp 198.18.5.4:80'],
  ])
  expect(accused[0]?.statement).toMatch(
    /^Work is pending while its worker sleeps: 9 connections not accepted/,
  )
})

test('a monitor that everybody waits for, and who holds it', async () => {
  await using run = await SyntheticRun.begin(60)
  run.probe('front', { type: 'socket', protocol: 'tcp', address: '127.0.0.1:80' }, 'tcp', (t) =>
    t < 30 ? 1e6 : 8e8,
  )
  run.symptom('slow', 31, null, ['front'])
  run.capture('sick', 33, TARGET, [{ collector: 'jstack', tier: 'sample', seconds: 3 }], (sink) => {
    const lock = '0x00000000f1 com.example.Ledger'
    const dump = (
      second: number,
      tid: number,
      comm: string,
      frame: string,
      waits: string,
      holds: string[],
    ): void =>
      sink('jstack').add('stacks', {
        ts: at(second),
        pid: 70,
        tid,
        comm,
        state: waits === '' ? 'RUNNABLE' : 'BLOCKED',
        event: 'dump',
        frames: [frame],
        weight: 1,
        unit: 'threads',
        waits_for: waits,
        holds,
      })
    for (const second of [34, 36]) {
      for (const tid of [71, 72, 73, 74]) dump(second, tid, `http-${tid}`, 'Ledger.book', lock, [])
      dump(second, 75, 'month-end', 'Socket.read', '', [lock])
    }
  })
  const [holder] = (await confidentOf(run)).filter(({ kind }) => kind === 'attribution')
  expect(holder?.subject).toMatchObject({ tid: 75, comm: 'month-end', signature: 'contention for a lock' })
  expect(holder?.statement).toMatch(/4 threads of java .* wait for one lock .* holds it, in Socket.read/)
})

test('a mutex that its waiters hand on to each other: its holder is who lets the others wait, not who wakes the most', async () => {
  await using run = await SyntheticRun.begin(60)
  run.probe('front', { type: 'socket', protocol: 'tcp', address: '127.0.0.1:80' }, 'tcp', (t) =>
    t < 30 ? 1e6 : 8e8,
  )
  run.symptom('slow', 31, null, ['front'])
  const rungs: RungSketch[] = [...READ, { collector: 'bpf-wakeups', tier: 'trace', seconds: 3 }]
  const target = [{ pid: 70, comm: 'stockd' }]
  type Sink = (collector: string) => RowSink
  const capture = (held: Readonly<Record<number, number>>) => (sink: Sink) => {
    for (const tid of [71, 72, 73, 74, 75, 76]) {
      const waits = tid < 75
      sink('threads').add('threads', {
        ts: at(34),
        pid: 70,
        tid,
        comm: tid === 76 ? 'archiver' : 'worker',
        process: 'stockd',
        state: 'S',
        syscall: waits ? 'futex' : tid === 76 ? 'nanosleep' : 'accept',
        syscall_args: waits ? '0x7f00 0x80 0x2' : '0x3 0x0',
        voluntary_switches: 5,
      })
    }
    for (const [tid, ms] of Object.entries(held)) {
      sink('bpf-wakeups').add('locks', {
        ts: at(37),
        pid: 70,
        tid: Number(tid),
        comm: tid === '76' ? 'archiver' : 'worker',
        futex: '0x7f00',
        count: tid === '75' ? 9 : 2,
        held_ns: ms * 1e6,
        max_ns: (ms * 1e6) / 2,
      })
    }
  }
  run.capture('sick', 33, target, rungs, capture({ 71: 0.1, 75: 0.3, 76: 1400 }))
  const [holder] = (await confidentOf(run)).filter(({ kind }) => kind === 'attribution')
  expect(holder?.subject).toMatchObject({ tid: 76, comm: 'archiver', signature: 'contention for a lock' })
  expect(holder?.statement).toMatch(
    /thread 76 \(archiver\) of stockd holds it, in nanosleep: it let go 2 times/,
  )

  await using fair = await SyntheticRun.begin(60)
  fair.symptom('slow', 31, null, [])
  fair.capture('sick', 33, target, rungs, capture({ 71: 400, 72: 500, 73: 500, 75: 400 }))
  const told = await confidentOf(fair)
  expect(told.filter(({ kind }) => kind === 'attribution')).toEqual([])
})

test('idle workers that wait for the same condition are no convoy', async () => {
  await using run = await SyntheticRun.begin(60)
  run.symptom('chance', 31, null, [])
  run.capture('sick', 33, TARGET, READ, (sink) => {
    for (const look of [0, 1])
      for (let tid = 71; tid < 90; tid++)
        sink('threads').add('threads', {
          ts: at(34 + look),
          pid: 70,
          tid,
          comm: 'worker',
          process: 'java',
          state: 'S',
          syscall: 'futex',
          syscall_args: '0x7f00 0x189 0x0',
          voluntary_switches: 5,
        })
  })
  expect(await confidentOf(run)).toEqual([])
})
