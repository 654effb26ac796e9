import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseAll, recordRows } from '../../../../test/harness/row-recorder.ts'
import { socketsParser } from './parse.ts'

// iproute2 6.1; a program that calls itself `name (with) sp,` and its child have most of the sockets.
const golden = readFileSync(new URL('fixtures/ss-6.1.txt', import.meta.url), 'utf8')

function parse(output: string | Uint8Array, size?: number) {
  const rows = recordRows()
  const stats = parseAll(socketsParser(rows), output, size)
  return { stats, sockets: rows.of('sockets') }
}

test('one row for each owner of each socket', () => {
  const { stats, sockets } = parse(golden)
  expect(stats).toEqual({ lines: golden.split('\n').length - 1, rows: sockets.length, bad: 0 })
  const shown = sockets.map((row) =>
    [
      row.protocol,
      row.state,
      row.recv_queue,
      row.send_queue,
      row.local,
      row.remote,
      row.inode,
      row.pid,
      row.fd,
      row.comm,
      row.timer,
    ]
      .map((value) => String(value ?? '-'))
      .join(' | '),
  )
  expect(shown).toMatchInlineSnapshot(`
    [
      "unix | ESTAB | 0 | 0 |  | inode:34084 | 34083 | 14417 | 5 | waiters | -",
      "unix | LISTEN | 1 | 3 | /srv/a b.sock |  | 50046 | 20726 | 13 | name (with | -",
      "unix | LISTEN | 1 | 3 | /srv/a b.sock |  | 50046 | 20684 | 13 | name (with | -",
      "unix | ESTAB | 0 | 0 |  |  | 50047 | 20726 | 14 | name (with | -",
      "unix | ESTAB | 0 | 0 |  |  | 50047 | 20684 | 14 | name (with | -",
      "unix | ESTAB | 0 | 0 |  | inode:50050 | 50049 | 20726 | 16 | name (with | -",
      "unix | ESTAB | 0 | 0 |  | inode:50050 | 50049 | 20684 | 16 | name (with | -",
      "unix | ESTAB | 0 | 0 |  | inode:34083 | 34084 | 14417 | 6 | waiters | -",
      "unix | ESTAB | 0 | 0 |  | inode:50049 | 50050 | 20726 | 17 | name (with | -",
      "unix | ESTAB | 0 | 0 |  | inode:50049 | 50050 | 20684 | 17 | name (with | -",
      "unix | UNCONN | 0 | 0 | @abstract |  | 50048 | 20726 | 15 | name (with | -",
      "unix | UNCONN | 0 | 0 | @abstract |  | 50048 | 20684 | 15 | name (with | -",
      "udp | ESTAB | 0 | 0 | 127.0.0.1:50206 | 127.0.0.1:34880 | 50045 | 20726 | 6 | name (with | -",
      "udp | ESTAB | 0 | 0 | 127.0.0.1:50206 | 127.0.0.1:34880 | 50045 | 20684 | 6 | name (with | -",
      "udp | UNCONN | 832 | 0 | 127.0.0.1:34880 | 0.0.0.0:* | 50044 | 20726 | 12 | name (with | -",
      "udp | UNCONN | 832 | 0 | 127.0.0.1:34880 | 0.0.0.0:* | 50044 | 20684 | 12 | name (with | -",
      "tcp | LISTEN | 2 | 5 | 127.0.0.1:43985 | 0.0.0.0:* | 50036 | 20726 | 3 | name (with | -",
      "tcp | LISTEN | 2 | 5 | 127.0.0.1:43985 | 0.0.0.0:* | 50036 | 20684 | 3 | name (with | -",
      "tcp | CLOSE-WAIT | 1 | 0 | 127.0.0.1:43985 | 127.0.0.1:44558 | - | - | - | - | -",
      "tcp | ESTAB | 0 | 0 | 127.0.0.1:44536 | 127.0.0.1:43985 | 50037 | 20726 | 4 | name (with | -",
      "tcp | ESTAB | 0 | 0 | 127.0.0.1:44536 | 127.0.0.1:43985 | 50037 | 20684 | 4 | name (with | -",
      "tcp | ESTAB | 0 | 0 | 127.0.0.1:44550 | 127.0.0.1:43985 | 50038 | 20726 | 5 | name (with | keepalive 119min 0",
      "tcp | ESTAB | 0 | 0 | 127.0.0.1:44550 | 127.0.0.1:43985 | 50038 | 20684 | 5 | name (with | keepalive 119min 0",
      "tcp | FIN-WAIT-2 | 0 | 0 | 127.0.0.1:44558 | 127.0.0.1:43985 | - | - | - | - | timewait 59sec 0",
      "tcp | ESTAB | 100 | 0 | 127.0.0.1:43985 | 127.0.0.1:44536 | 50043 | 20726 | 11 | name (with | -",
      "tcp | ESTAB | 100 | 0 | 127.0.0.1:43985 | 127.0.0.1:44536 | 50043 | 20684 | 11 | name (with | -",
      "tcp6 | LISTEN | 0 | 9 | [::1]:58715 | [::]:* | 50041 | 20726 | 8 | name (with | -",
      "tcp6 | LISTEN | 0 | 9 | [::1]:58715 | [::]:* | 50041 | 20684 | 8 | name (with | -",
      "tcp6 | LISTEN | 1 | 7 | *:58229 | *:* | 50040 | 20726 | 7 | name (with | -",
      "tcp6 | LISTEN | 1 | 7 | *:58229 | *:* | 50040 | 20684 | 7 | name (with | -",
      "tcp6 | ESTAB | 0 | 0 | [::1]:47240 | [::1]:58229 | 50042 | 20726 | 9 | name (with | -",
      "tcp6 | ESTAB | 0 | 0 | [::1]:47240 | [::1]:58229 | 50042 | 20684 | 9 | name (with | -",
    ]
  `)
})

test('chunks may end anywhere', () => {
  const whole = parse(golden)
  for (const size of [1, 13, 1000]) expect(parse(golden, size)).toEqual(whole)
})

test('forms of other versions', () => {
  const { sockets, stats } = parse(
    [
      // iproute2 3.16 to 4.13: owners without keys or with them, wildcards of IPv4 as `*`, of IPv6 as `::`
      'tcp    LISTEN     0      128       *:22                    *:*      users:(("sshd",842,3)) ino:15 sk:1 <->',
      'tcp    LISTEN     0      128      :::22                   :::*      users:(("sshd",pid=842,fd=4)) ino:16 sk:2 <->',
      // without names that are numbers, with an interface, with user and retransmissions
      'udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=9,fd=12)) uid:101 ino:17 sk:3 cgroup:/x <->',
      'tcp SYN-SENT 0 1 10.0.0.1:4 10.0.0.2:443 users:(("a","b\\",pid=5,fd=6)) timer:(on,1.2sec,3) uid:1 ino:18 sk:4 <->',
      // with threads (ss -T of iproute2 6.10) and a security context
      'tcp ESTAB 0 0 [fe80::1%eth0]:4 [fe80::2]:5 users:(("x y",pid=7,tid=8,fd=9),("z",pid=10,proc_ctx=u:r,fd=11)) ino:19 sk:5',
      'u_str LISTEN 0 5 /run/a 1 b.sock 77 * 0 users:(("n",pid=1,fd=2)) <->',
      'u_dgr UNCONN 0 0 * 78 /run/log 79',
    ].join('\n') + '\n',
  )
  expect(stats.bad).toBe(0)
  expect(sockets).toMatchObject([
    { protocol: 'tcp', local: '*:22', inode: 15n, comm: 'sshd', pid: 842, fd: 3 },
    { protocol: 'tcp6', local: ':::22', pid: 842, fd: 4 },
    { protocol: 'udp', local: '127.0.0.53%lo:53', comm: 'systemd-resolve', inode: 17n },
    { state: 'SYN-SENT', timer: 'on 1.2sec 3', comm: 'a","b\\', pid: 5, inode: 18n },
    { protocol: 'tcp6', comm: 'x y', pid: 7, fd: 9 },
    { protocol: 'tcp6', comm: 'z', pid: 10, fd: 11 },
    { protocol: 'unix', inode: 77n, recv_queue: 0n, send_queue: 5n, pid: 1 },
    { protocol: 'unix', local: '', remote: '/run/log', inode: 78n },
  ])
})

test('a cut or broken output loses only what is broken', () => {
  const { sockets } = parse(golden)
  const cut = parse(golden.slice(0, -10))
  expect(cut.stats.bad).toBe(1)
  expect(sockets.slice(0, cut.sockets.length)).toEqual(cut.sockets)
  const broken = parse(
    `\xff\x00\n${golden}tcp LISTEN many 5 a b\ntcp LISTEN 1 5 nonsense\n${'tcp '.repeat(1 << 20)}\n`,
  )
  expect(broken.sockets).toEqual(sockets)
  expect(broken.stats.bad).toBe(4)
})

test('a hostile line is given up in time', () => {
  const owners = `tcp LISTEN 0 0 a:1 b:1 users:(${'("a'.repeat(250_000)}\n`
  const head = `u_str LISTEN 0 0 ${'1 '.repeat(400_000)}x users:(\n`
  expect(parse(owners + head).stats).toEqual({ lines: 2, rows: 1, bad: 1 })
})
