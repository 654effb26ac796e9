import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { ParseStats } from '../../../plugin/evidence.ts'
import { createStraceParser, type StraceOptions } from './parse.ts'
import { referenceParse, type ReferenceRow } from './parse-reference.ts'

const fixture = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`fixtures/${name}.strace`, import.meta.url)))
const fixtures = ['follow', 'sockets', 'comm', 'stack', 'stderr', 'attach', 'attach-stderr']

type Values = Record<string, unknown>

function parse(
  input: Uint8Array | string,
  options: StraceOptions = {},
  chunkBytes = Infinity,
): { stats: ParseStats; rows: Values[] } {
  const rows: Values[] = []
  const parser = createStraceParser({ add: (_table, row) => void rows.push(row) }, options)
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    // A copy: a parser that keeps hold of a chunk would read what came over it.
    const chunk = Uint8Array.from(bytes.subarray(at, at + chunkBytes))
    parser.push(chunk)
    chunk.fill(0)
  }
  return { stats: parser.end(), rows }
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString()

/** What parser and reference both give of a row. */
const fromReference = (row: ReferenceRow): Values => ({
  ts: row.ts,
  tid: row.tid,
  call: row.call,
  args: utf8(row.args),
  result: row.result,
  errno: row.errno,
  duration: row.duration,
  finished: row.finished,
})
const fromParser = (row: Values): Values => ({
  ts: row['ts'],
  tid: row['tid'],
  call: row['call'],
  args: row['args'],
  result: typeof row['result'] === 'number' ? BigInt(row['result']) : row['result'],
  errno: row['errno'],
  duration: row['duration_ns'],
  finished: row['finished'],
})

const byStart = (left: Values, right: Values): number => keyOf(left).localeCompare(keyOf(right))
const keyOf = (row: Values): string =>
  [row['ts'], row['tid'], row['call'], row['args'], row['duration'], row['result']].join(' ')

function expectSame(input: Buffer, chunkBytes: number, what: string): void {
  const { stats, rows } = parse(input, {}, chunkBytes)
  const expected = referenceParse(input.toString('latin1'))
  // Calls that never returned come out at the end in no particular order.
  expect(rows.map(fromParser).toSorted(byStart), what).toEqual(
    expected.rows.map(fromReference).toSorted(byStart),
  )
  expect(stats, what).toEqual({ lines: expected.lines, bad: expected.bad, rows: expected.rows.length })
}

test.each(fixtures)('the reference implementation reads %s the same way', (name) => {
  for (const chunkBytes of [Infinity, 1000, 7]) expectSame(fixture(name), chunkBytes, name)
})

/** mulberry32: a small generator with a seed. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

const SPLICES = [
  ') = 0',
  ' <unfinished ...>',
  '<... read resumed>',
  '"',
  '\\',
  '\n',
  ' = ',
  '<0.1>',
  '\0',
  '\xff',
  '> ',
]

test('the reference implementation reads mutated traces the same way', () => {
  const lines = fixtures.flatMap((name) => fixture(name).toString('latin1').split('\n'))
  for (let seed = 1; seed <= 150; seed++) {
    const next = random(seed)
    const start = next(lines.length - 40)
    let text = `${lines.slice(start, start + 40).join('\n')}\n`
    for (let mutation = next(12); mutation > 0; mutation--) {
      const at = next(text.length)
      const until = at + next(next(4) === 0 ? 200 : 3)
      const splice = SPLICES[next(SPLICES.length * 2)] ?? text.slice(next(text.length)).slice(0, next(60))
      text = text.slice(0, at) + splice + text.slice(until)
    }
    expectSame(Buffer.from(text, 'latin1'), 1 + next(400), `seed ${seed}`)
  }
})

test('binary garbage is counted and loses only itself', () => {
  const next = random(42)
  const garbage = Buffer.from(Array.from({ length: 200_000 }, () => next(256)))
  const good = '12 1700000000.000001 close(3) = 0 <0.000001>\n'
  const { stats, rows } = parse(Buffer.concat([garbage, Buffer.from(`\n${good}`)]))
  expect(rows.at(-1)).toMatchObject({ call: 'close', fd: 3, result: 0 })
  expect(stats.lines - stats.bad - stats.rows).toBeLessThan(20)
})

test('giant lines are dropped, whole and in pieces', () => {
  const giant = `12 write(1, "${'x'.repeat(3 << 20)}", 3145728) = 3145728\n`
  const text = `12 getpid() = 12\n${giant}12 getppid() = 1\n`
  for (const chunkBytes of [Infinity, 1 << 16]) {
    const { stats, rows } = parse(text, {}, chunkBytes)
    expect(rows.map((row) => row['call'])).toEqual(['getpid', 'getppid'])
    expect(stats).toEqual({ lines: 3, rows: 2, bad: 1 })
  }
})

test('a last line without its newline was cut off', () => {
  expect(parse('1 getpid() = 1\n1 getppid() = 12').stats).toEqual({ lines: 2, rows: 1, bad: 1 })
})

test('interrupted waits, joined calls and threads of a real program', () => {
  const { rows } = parse(fixture('follow'))
  const epoll = rows.filter((row) => row['call'] === 'epoll_wait')
  expect(epoll.map(({ errno, finished, comm }) => ({ errno, finished, comm }))).toEqual([
    { errno: 'EINTR', finished: true, comm: 'program' },
    { errno: '', finished: true, comm: 'program' },
  ])
  const process = rows[0]?.['pid']
  const readers = rows.filter((row) => row['comm'] === 'work er;1')
  expect(new Set(readers.map((row) => row['pid']))).toEqual(new Set([process]))
  expect(new Set(readers.map((row) => row['tid'])).size).toBe(2)
  expect(readers.filter((row) => String(row['path']).startsWith('/nonexistent/'))).toHaveLength(10)
  expect(rows.filter((row) => row['call'] === 'execve').map((row) => row['path'])).toEqual([
    './program',
    '/bin/true',
  ])
  expect(rows.find((row) => row['call'] === 'umask')).toMatchObject({ result: 0o22 })
  const paths = new Set(rows.map((row) => row['path']))
  expect(paths).toContain('/tmp/trace/w d/a = b) = 0 "q" <x>')
  expect(paths).toContain('/tmp/trace/w d/naïve -> \n')
})

test('calls that were under way when strace attached or left have not finished', () => {
  const { rows, stats } = parse(fixture('attach'))
  expect(stats).toEqual({ lines: 4, rows: 4, bad: 0 })
  expect(rows.map(({ call, finished, result, path, fd }) => ({ call, finished, result, path, fd })))
    .toMatchInlineSnapshot(`
    [
      {
        "call": "read",
        "fd": 5,
        "finished": false,
        "path": undefined,
        "result": undefined,
      },
      {
        "call": "restart_syscall",
        "fd": undefined,
        "finished": false,
        "path": undefined,
        "result": undefined,
      },
      {
        "call": "epoll_wait",
        "fd": 3,
        "finished": false,
        "path": undefined,
        "result": undefined,
      },
      {
        "call": "clock_nanosleep",
        "fd": undefined,
        "finished": false,
        "path": undefined,
        "result": undefined,
      },
    ]
  `)
})

test('a stack frame, a signal and a message are no calls, and nothing is bad about them', () => {
  for (const name of ['stack', 'stderr', 'attach-stderr', 'comm', 'sockets']) {
    const { stats } = parse(fixture(name))
    expect({ name, bad: stats.bad }).toEqual({ name, bad: name === 'stderr' ? 2 : 0 })
  }
})

test.each<[text: string, row: Values]>([
  [
    'open("/a\\"b\\n\\303\\266\\x41", O_RDONLY) = -1 ENOENT (No such file or directory)',
    { path: '/a"b\nöA', errno: 'ENOENT', result: -1 },
  ],
  [
    'openat(7</srv/data>, "x/y"..., O_RDONLY) = 8</srv/data/x/y>',
    { path: '/srv/data/x/y', fd: 7, result: 8 },
  ],
  ['openat(AT_FDCWD</>, "x", O_RDONLY) = 8', { path: '/x' }],
  ['read(0</dev/null<char 1:3>>, "", 10) = 0', { path: '/dev/null', fd: 0 }],
  ['read(5, "/not/a/path", 10) = 5', { fd: 5, path: undefined }],
  [
    'mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</lib/x.so>, 0) = 0x7fffffffffff',
    { fd: 3, path: '/lib/x.so', result: 0x7fffffffffff },
  ],
  ['mmap(NULL, 1, 0, 0, -1, 0) = 0xfffffffffffff000', { result: -4096n }],
  ['lseek(3, 0, SEEK_CUR) = 9223372036854775807', { result: 9_223_372_036_854_775_807n }],
  [
    'connect(4<UNIX-STREAM:[1->2]>, {sa_family=AF_UNIX, sun_path="/run/a b.sock"}, 110) = 0',
    { path: '/run/a b.sock', fd: 4 },
  ],
  [
    'connect(4, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)',
    { path: undefined, errno: 'EINPROGRESS' },
  ],
  ['close(4<socket:[1]>) = ? <unavailable>', { result: undefined, fd: 4, finished: true }],
  ['close(3</tmp/x>(deleted)) = 0', { path: '/tmp/x', fd: 3 }],
  [
    'restart_syscall(<... resuming interrupted poll ...>) = 0 <1.5>',
    { call: 'restart_syscall', duration_ns: 1_500_000_000 },
  ],
  [
    'futex(0x1, FUTEX_WAIT, 1<<2, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
    { errno: 'ERESTARTSYS', result: undefined },
  ],
  ['exit_group(0)                           = ?', { call: 'exit_group', args: '0', finished: true }],
  ['capset({version=1, pid=0}, {effective=1<<CAP_CHOWN, permitted=0}) = 0', { fd: undefined }],
  ['inotify_add_watch(3<anon_inode:inotify>, "/srv", IN_CREATE) = 1', { fd: 3, path: '/srv' }],
  ['???()                                   = ?', { call: '???' }],
])('%s', (text, row) => {
  const { rows, stats } = parse(`${text}\n`)
  expect(stats).toEqual({ lines: 1, rows: 1, bad: 0 })
  expect(Object.fromEntries(Object.keys(row).map((key) => [key, rows[0]?.[key]]))).toEqual(row)
})

test('older forms: a blank behind `resumed>`, and a process that ends inside a call', () => {
  const text = `[pid  7] 1700000000.5 read(3,  <unfinished ...>
[pid  8] 1700000000.6 exit_group(0 <unfinished ...>
[pid  7] 1700000001.5 <... read resumed> "x", 1) = 1
[pid  8] 1700000001.6 <... exit_group resumed> <unfinished ...>) = ?
[pid  7] 1700000002.0 poll([{fd=3}], 1, -1 <unfinished ...>
[pid  7] 1700000004.0 +++ killed by SIGKILL (core dumped) +++
`
  const { rows, stats } = parse(text, { clockOffsetNs: 500_000_000 })
  expect(stats).toEqual({ lines: 6, rows: 3, bad: 0 })
  expect(rows).toMatchObject([
    {
      tid: 7,
      ts: 1_700_000_000_000_000_000n,
      args: '3, "x", 1',
      result: 1,
      duration_ns: 1e9,
      finished: true,
    },
    { tid: 8, call: 'exit_group', args: '0', finished: true },
    { tid: 7, ts: 1_700_000_001_500_000_000n, call: 'poll', fd: 3, duration_ns: 2e9, finished: false },
  ])
})

test('a thread that is killed in a call has not returned from it', () => {
  const text = `7 1700000000.0 clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=30, tv_nsec=0},  <unfinished ...>) = ?
8 1700000000.2 wait4(-1,  <unfinished ...>
8 1700000000.7 <... wait4 resumed> <unfinished ...>) = ?
7 1700000000.9 +++ killed by SIGKILL +++
8 1700000001.2 +++ killed by SIGKILL +++
`
  const { rows, stats } = parse(text)
  expect(stats).toEqual({ lines: 5, rows: 2, bad: 0 })
  expect(rows).toMatchObject([
    { tid: 7, args: 'CLOCK_REALTIME, 0, {tv_sec=30, tv_nsec=0},', duration_ns: 900_000_000, finished: false },
    { tid: 8, args: '-1, ', duration_ns: 1_000_000_000, finished: false },
  ])
})

test('times of day need a date, and pass midnight', () => {
  const text = '1 23:59:59.900000 getpid() = 1\n1 00:00:00.100000 getpid() = 1\n'
  expect(parse(text).rows.map((row) => row['ts'])).toEqual([undefined, undefined])
  const midnight = 1_699_920_000
  expect(parse(text, { midnight }).rows.map((row) => row['ts'])).toEqual([
    BigInt(midnight + 86_399) * 1_000_000_000n + 900_000_000n,
    BigInt(midnight + 86_400) * 1_000_000_000n + 100_000_000n,
  ])
})

test('threads that ran before are identified by whoever knows them', () => {
  const identify = (tid: number) => (tid === 12 ? { pid: 10, comm: 'server' } : undefined)
  const { rows } = parse('12 getpid() = 10\n13 getpid() = 13\n', { identify })
  expect(rows).toMatchObject([{ pid: 10, comm: 'server' }, { pid: 13 }])
})
