import { expect, test } from 'vitest'
import { at, normal, SyntheticRun, type RungSketch } from '../synthetic-run.ts'
import { findingsOf, type Sink } from './findings-of.ts'

test.each([
  ['in the program, which wakes and goes back to sleep', false],
  ['below the program, which does not run once', true],
])('a server goes dark because a wakeup is lost: %s', async (_, isBelow) => {
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
      sink('facts').add('facts', { ts: at(second), key: 'kernel.release', value: '9.8.7-lab' })
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
          sick ? (isBelow ? 900 : 900 + 3 * look) : 400 + 10 * look,
          sick ? (isBelow ? 6 : 0.1 - look) : -0.9,
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
    signature: isBelow ? 'lost wakeup below the program' : 'lost wakeup',
  })
  expect(contradiction?.subject.factor).toBe(isBelow ? 'kernel 9.8.7-lab' : undefined)
  expect(/lost below the program/.test(contradiction?.statement ?? '')).toBe(isBelow)
  const cure = confident.find(({ kind }) => kind === 'intervention')
  expect(cure?.subject).toMatchObject({ collector: 'strace', tid: 50, errno: 'EINTR' })
  expect(cure?.statement).toMatch(/lost wakeup.*tracer hides it/)
  expect(/the kernel is the factor/.test(cure?.statement ?? '')).toBe(isBelow)
  expect(confident.filter(({ subject }) => subject.pid === 60)).toEqual([])
  expect(confident.filter(({ kind }) => kind !== 'precedent').length).toBeLessThanOrEqual(5)
})
