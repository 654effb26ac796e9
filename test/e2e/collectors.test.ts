/** The collectors that read, on real processes whose state is known. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import facts from '../../src/plugins/collectors/facts/index.ts'
import files from '../../src/plugins/collectors/files/index.ts'
import jstack from '../../src/plugins/collectors/jstack/index.ts'
import mounts from '../../src/plugins/collectors/mounts/index.ts'
import sockets from '../../src/plugins/collectors/sockets/index.ts'
import threads from '../../src/plugins/collectors/threads/index.ts'
import { collect, startFixture } from '../harness/collect.ts'

const HOUR_NS = 3_600_000_000_000n

const directory = mkdtempSync(join(tmpdir(), 'quarry-collectors-'))
const fixtures = new URL('../fixtures/', import.meta.url).pathname
afterAll(() => rmSync(directory, { recursive: true }))

test('threads and files of a program that waits in every way', async () => {
  const program = join(directory, 'waiters')
  execFileSync('gcc', ['-O1', '-pthread', '-o', program, join(fixtures, 'bin/waiters.c')])
  await using waiters = await startFixture([program])
  const seen = await collect(threads, { targets: [waiters.pid], properties: { again: '300ms' } })
  expect(seen.badLines).toBe(0)
  const own = seen.rows('threads').filter((row) => row.pid === waiters.pid)
  const of = (comm: string) => own.filter((row) => row.comm === comm)

  // Twice each, with other times, and the counters stand still.
  for (const [first, second, ...more] of Map.groupBy(own, (row) => row.tid).values()) {
    expect(more).toEqual([])
    expect(second?.ts).toBeGreaterThan(first?.ts ?? 0n)
    expect(second?.voluntary_switches).toBe(first?.voluntary_switches)
    expect(Number(second?.waiting_ns)).toBeGreaterThanOrEqual(Number(first?.waiting_ns))
  }
  expect(of('w-epoll')).toMatchObject([{ syscall: 'epoll_wait', timeout_ns: -1n }, {}])
  expect(of('w-poll')).toMatchObject([{ syscall: 'poll', timeout_ns: HOUR_NS }, {}])
  expect(of('w-futex-timeout')).toMatchObject([{ syscall: 'futex', timeout_ns: 2n * HOUR_NS }, {}])
  for (const [comm, hours] of [
    ['w-futex-real', 3n],
    ['w-futex-mono', 4n],
  ] as const) {
    const [row] = of(comm)
    const left = BigInt(row?.deadline_ns ?? 0) - (row?.ts ?? 0n)
    expect(left).toBeLessThanOrEqual(hours * HOUR_NS)
    expect(left).toBeGreaterThan((hours - 1n) * HOUR_NS)
  }
  // All of the host is there, in less detail.
  expect(seen.rows('threads').find((row) => row.pid === 2)).toMatchObject({
    comm: 'kthreadd',
    process: 'kthreadd',
  })

  const open = (await collect(files, { targets: [waiters.pid] })).rows('files')
  const watch = open.find((row) => row.kind === 'epoll-watch')
  const watched = open.find((row) => row.fd === watch?.watched_fd && row.kind === 'socket')
  expect(watch?.inode).toBe(watched?.inode)
})

test('sockets and mounts of a target in namespaces of its own', async () => {
  const script = `mount -t tmpfs inside /mnt && exec "$0" -e '
    require("net").createServer().listen(4711, () => console.log("ready"))'`
  await using server = await startFixture([
    'unshare',
    '--net',
    '--mount',
    'sh',
    '-c',
    script,
    process.execPath,
  ])
  const host = (await collect(sockets)).rows('sockets')
  expect(host.filter((row) => row.pid === server.pid && row.local === '*:4711')).toEqual([])
  const seen = await collect(sockets, { targets: [server.pid, process.pid] })
  expect(seen.badLines).toBe(0)
  expect(
    seen.rows('sockets').filter((row) => row.pid === server.pid && row.state === 'LISTEN'),
  ).toMatchObject([{ protocol: 'tcp6', local: '*:4711', recv_queue: 0n, send_queue: 511n }])

  const facts = (await collect(mounts, { targets: [server.pid, process.pid] })).rows('facts')
  expect(facts.filter((row) => row.key?.startsWith('process.'))).toMatchObject([
    { value: expect.stringMatching(/^tmpfs inside /) },
  ])
})

test('Java threads of a machine that runs as another user', async () => {
  execFileSync('javac', ['-d', directory, join(fixtures, 'java/Parker.java')])
  execFileSync('chmod', ['755', directory])
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  await using parker = await startFixture([...nobody, 'java', '-Xmx32m', '-cp', directory, 'Parker'])
  const seen = await collect(jstack, { targets: [process.pid, parker.pid] })
  expect([seen.badLines, seen.notes]).toEqual([0, []])
  const kernel = (await collect(threads, { targets: [parker.pid], properties: { again: '0' } })).rows(
    'threads',
  )
  for (const row of seen.rows('stacks').filter(({ comm }) => comm?.startsWith('p-'))) {
    // The thread is the same one that the kernel knows, whose name it cuts at 15 characters.
    expect(kernel.find(({ tid }) => tid === row.tid)?.comm).toBe(row.comm?.slice(0, 15))
  }
})

test('a target that is gone is said to be gone, and the rest is shown', async () => {
  const gone = 2 ** 22 + 1
  expect((await collect(files, { targets: [gone] })).notes).toEqual([`process ${gone} is gone`])
  expect((await collect(jstack, { targets: [gone] })).notes).toEqual(['the Java virtual machines are gone'])
  for (const collector of [facts, mounts, sockets, threads]) {
    const { badLines, notes } = await collect(collector, { targets: [gone] })
    expect([collector.id, badLines, notes]).toEqual([collector.id, 0, []])
  }
})
