import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { dumpOf } from '../../../plugin/file-dump.ts'
import { filesParser } from './parse.ts'

// test/fixtures/bin/waiters.c, recorded on Linux 6.18, x86_64.
const golden = readFileSync(new URL('fixtures/waiters-6.18.dump', import.meta.url))

function parse(dump: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(filesParser(rows), dump, size)
  return { stats, files: rows.of('files') }
}

test('shows what each descriptor is, and its state', () => {
  const { stats, files } = parse(golden)
  expect(stats.bad).toBe(0)
  expect(
    files.map((row) => `${row.fd} ${row.kind} ${row.path} ${row.flags ?? ''} ${row.detail ?? ''}`.trim()),
  ).toMatchInlineSnapshot(`
    [
      "0 other /dev/null 0100000",
      "1 file /opt/waiters.out 0100001",
      "2 file /var/log/waiters.err (deleted) 0100001",
      "3 pipe pipe:[34082] 00",
      "4 pipe pipe:[34082] 01",
      "5 socket socket:[34083] 02",
      "6 socket socket:[34084] 02",
      "7 timerfd anon_inode:[timerfd] 02 clockid=1 ticks=0 settime-flags=00 it_value=(3328, 298239328) it_interval=(0, 0)",
      "8 eventfd anon_inode:[eventfd] 02 eventfd-count=3 eventfd-id=1 eventfd-semaphore=0",
      "9 inotify anon_inode:inotify 00 inotify-watches=1",
      "10 other /dev/null 0100000",
      "11 epoll anon_inode:[eventpoll] 02",
      "11 epoll-watch socket:[34083]",
      "251 pipe pipe:[34959] 01",
    ]
  `)
})

test('an epoll set names what it watches', () => {
  const { files } = parse(golden)
  expect(files.find((row) => row.kind === 'epoll-watch')).toMatchInlineSnapshot(`
    {
      "comm": "waiters",
      "events": "80000019",
      "fd": 11,
      "inode": 34083n,
      "kind": "epoll-watch",
      "path": "socket:[34083]",
      "pid": 14417,
      "ts": 1795263223198000000n,
      "watched_fd": 5,
    }
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

test('directories, devices, locks, and the epoll lines of old kernels', () => {
  const { files, stats } = parse(
    dumpOf('@machine', 'aarch64') +
      dumpOf('/proc/9/comm', 'x') +
      dumpOf('/proc/9/fd/3', '/srv') +
      dumpOf('/proc/9/fdinfo/3', 'pos:\t0\nflags:\t040000\nmnt_id:\t5') +
      dumpOf('/proc/9/fd/4', '/dev/shm/a') +
      dumpOf(
        '/proc/9/fdinfo/4',
        'pos:\t7\nflags:\t02\nmnt_id:\t5\nlock:\t1: FLOCK  ADVISORY  WRITE 9 00:13:1 0 EOF',
      ) +
      dumpOf('/proc/9/fd/5', '/dev/sda') +
      dumpOf('/proc/9/fd/6', 'anon_inode:[eventpoll]') +
      dumpOf(
        '/proc/9/fdinfo/6',
        'pos:\t0\nflags:\t02\ntfd:        4 events:       19 data:                4',
      ),
  )
  expect(stats).toMatchObject({ rows: 5, bad: 0 })
  expect(files).toMatchObject([
    { fd: 3, kind: 'directory' },
    { fd: 4, kind: 'file', position: 7n, detail: 'lock=1: FLOCK  ADVISORY  WRITE 9 00:13:1 0 EOF' },
    { fd: 5, kind: 'other' },
    { fd: 6, kind: 'epoll' },
    { fd: 6, kind: 'epoll-watch', watched_fd: 4, events: '19', path: '/dev/shm/a' },
  ])
})

test('a cut or broken dump loses only what is broken', () => {
  const { files } = parse(golden)
  const cut = parse(golden.subarray(0, golden.length - 20))
  expect(cut.stats.bad).toBe(1)
  expect(cut.files.map((row) => row.fd)).toEqual(files.map((row) => row.fd))
  const hostile = `\xff\n/proc/1/fd/0\0orphan\n/proc/7/comm\0a\n/proc/7/fdinfo/1\0no such descriptor\n`
  const broken = parse(Buffer.concat([golden, Buffer.from(`${hostile}${'/'.repeat(2 << 20)}\n`)]))
  expect(broken.files).toEqual(files)
  expect(broken.stats.bad).toBe(4)
})
