import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { dumpOf } from '../../../plugin/file-dump.ts'
import { threadsParser } from './parse.ts'

// test/fixtures/bin/waiters.c and some kernel threads, recorded on Linux 6.18, x86_64.
const golden = readFileSync(new URL('fixtures/waiters-6.18.dump', import.meta.url))

function parse(dump: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(threadsParser(rows), dump, size)
  return { stats, threads: rows.of('threads') }
}

test('shows each thread, its call and what it was asked to wait for', () => {
  const { stats, threads } = parse(golden)
  expect(stats).toMatchObject({ rows: threads.length, bad: 0 })
  const shown = threads.map((row) => {
    const until = row.deadline_ns === undefined ? row.timeout_ns : `in ${hours(row.deadline_ns, row.ts)} h`
    return [row.comm, row.state, row.syscall, String(until), row.wchan].join(' | ')
  })
  expect(shown).toMatchInlineSnapshot(`
    [
      "ksoftirqd/0 | S |  | undefined | ",
      "rcu_preempt | I |  | undefined | ",
      "migration/0 | S |  | undefined | ",
      "kthreadd | S |  | undefined | ",
      "migration/1 | S |  | undefined | ",
      "ksoftirqd/1 | S |  | undefined | ",
      "waiters | S | pause | undefined | __do_sys_pause",
      "w-epoll | S | epoll_wait | -1 | do_epoll_wait",
      "w-futex | S | futex | -1 | futex_do_wait",
      "w-futex-timeout | S | futex | 7200000000000 | futex_do_wait",
      "w-futex-real | S | futex | in 2.5 h | futex_do_wait",
      "w-futex-mono | S | futex | in 3.5 h | futex_do_wait",
      "w-poll | S | poll | 3600000000000 | poll_schedule_timeout.constprop.0",
      "w-nanosleep | S | clock_nanosleep | 3600500000000 | hrtimer_nanosleep",
      "w-read | S | read | undefined | anon_pipe_read",
      "w-recv | S | recvfrom | undefined | unix_stream_read_generic",
    ]
  `)
})

test('gives all that is known of a thread', () => {
  const { threads } = parse(golden)
  expect(threads.find((row) => row.comm === 'w-futex-timeout')).toMatchInlineSnapshot(`
    {
      "comm": "w-futex-timeout",
      "command_line": "/opt/waiters",
      "involuntary_switches": 0n,
      "kernel_stack": [
        "futex_do_wait",
        "__futex_wait",
        "futex_wait",
        "do_futex",
        "__x64_sys_futex",
        "do_syscall_64",
        "entry_SYSCALL_64_after_hwframe",
      ],
      "pid": 14417,
      "process": "waiters",
      "run_delay_ns": 166808n,
      "state": "S",
      "syscall": "futex",
      "syscall_args": "0x7fd89fd48ebc 0x80 0x0 0x7fd89fd48ea0 0x0 0x0",
      "system_ns": 0n,
      "tid": 14421,
      "timeout_ns": 7200000000000n,
      "ts": 1795264737705000000n,
      "user_ns": 0n,
      "voluntary_switches": 1n,
      "waiting_ns": 1784665226713n,
      "wchan": "futex_do_wait",
    }
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

test('clocks of the scheduler are compared on one CPU only, and say how long at least', () => {
  const at = (tid: number, cpu: number, milliseconds: string, state = 'S') =>
    dumpOf(`/proc/${tid}/task/${tid}/stat`, `${tid} (t) ${state} ${'0 '.repeat(35)}${cpu} 0`) +
    dumpOf(`/proc/${tid}/task/${tid}/sched`, `se.exec_start    :   ${milliseconds}\n`)
  const { threads } = parse(
    at(1, 0, '1000.000000') +
      at(2, 1, '9000.500000') +
      at(3, 0, '400.250001') +
      at(4, 1, '9000.25') +
      at(5, 1, '1', 'R'),
  )
  expect(threads.map((row) => row.waiting_ns)).toEqual([0n, 0n, 599_749_999n, 250_000n, undefined])
})

test('a cut or broken dump loses only what is broken', () => {
  const { threads } = parse(golden)
  const cut = parse(golden.subarray(0, golden.length - 100))
  expect(cut.stats.bad).toBe(1)
  expect(cut.threads.slice(0, -1)).toEqual(threads.slice(0, -1))
  expect(cut.threads).toHaveLength(threads.length)
  const broken = Buffer.concat([
    Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    golden,
    Buffer.from(`/proc/5/task/5/stat\0no brackets\n/proc/6/task/6/wchan\0orphan\n${'x'.repeat(2 << 20)}`),
  ])
  const kept = parse(broken)
  expect(kept.threads).toEqual(threads)
  expect(kept.stats.bad).toBe(4)
})

test('a name may hold brackets, blanks and newlines', () => {
  const stat = `7 (a) R (b\nc) S ${'0 '.repeat(10)}3 4 0\n`
  const { threads } = parse(dumpOf('/proc/7/cmdline', 'x\0y z\0') + dumpOf('/proc/7/task/7/stat', stat))
  expect(threads).toMatchObject([
    { comm: 'a) R (b\nc', state: 'S', user_ns: 30_000_000n, system_ns: 40_000_000n, command_line: 'x y z' },
  ])
})

test('old kernels print addresses in stacks, and the real clock is taken to the controller', () => {
  const at = '/proc/8/task/8'
  const { threads, stats } = parse(
    dumpOf('@taken', '1000000000000000000') +
      dumpOf('@clock-offset', '5000') +
      dumpOf('@machine', 'aarch64') +
      dumpOf(`${at}/stat`, `8 (t) D ${'0 '.repeat(40)}`) +
      dumpOf(`${at}/wchan`, '0') +
      dumpOf(`${at}/syscall`, '98 0x1 0x189 0x0 0xffff80 0x0 0x0 0x0 0x0\n') +
      dumpOf(`${at}/@timeout`, '0100000000000000ff00000000000000') +
      dumpOf(
        `${at}/stack`,
        '[<ffffffff810a1b2c>] rpc_wait_bit_killable+0x24/0xb0 [sunrpc]\n[<ffffffffffffffff>] 0xffffffffffffffff\n',
      ),
  )
  expect(stats.bad).toBe(0)
  expect(threads).toMatchObject([
    {
      syscall: 'futex',
      deadline_ns: 1_000_000_255n - 5000n,
      kernel_stack: ['rpc_wait_bit_killable'],
      wchan: '',
    },
  ])
})

const hours = (deadline: bigint | number | null, now: bigint | undefined): string =>
  (Number(BigInt(deadline ?? 0) - (now ?? 0n)) / 3.6e12).toFixed(1)

test('a hostile command line is given up in time', () => {
  const dump = dumpOf('/proc/7/cmdline', `a${'\0'.repeat(900_000)}b`)
  expect(parse(dump).stats.bad).toBe(0)
})
