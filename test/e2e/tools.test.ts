/** The collectors that run a tool, each for real on a program that does one thing: what it does is named, and counted. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import type { ProbeCommand } from '../../src/plugin/collector.ts'
import bpfBlockIo from '../../src/plugins/collectors/bpf-block-io/index.ts'
import bpfCallLatency from '../../src/plugins/collectors/bpf-call-latency/index.ts'
import bpfFailedCalls from '../../src/plugins/collectors/bpf-failed-calls/index.ts'
import bpfTimers from '../../src/plugins/collectors/bpf-timers/index.ts'
import bpfWakeups from '../../src/plugins/collectors/bpf-wakeups/index.ts'
import changeCommand from '../../src/plugins/collectors/change-command/index.ts'
import dropCaches from '../../src/plugins/collectors/drop-caches/index.ts'
import ftrace from '../../src/plugins/collectors/ftrace/index.ts'
import gdb from '../../src/plugins/collectors/gdb/index.ts'
import perfOffCpu from '../../src/plugins/collectors/perf-off-cpu/index.ts'
import perfOnCpu from '../../src/plugins/collectors/perf-on-cpu/index.ts'
import sigstop from '../../src/plugins/collectors/sigstop/index.ts'
import strace from '../../src/plugins/collectors/strace/index.ts'
import tcpdump from '../../src/plugins/collectors/tcpdump/index.ts'
import { collect, startFixture } from '../harness/collect.ts'

const NAP_NS = 20_000_000
/** No process has it: pids end at 2^22. */
const GONE = 2 ** 22 + 1

// Not on a tmpfs, which keeps no negative dentries and does no IO.
const directory = mkdtempSync('/var/tmp/quarry-tools-')
const actor = join(directory, 'actor')
const source = new URL('../fixtures/bin/actor.c', import.meta.url).pathname
execFileSync('gcc', ['-O1', '-g', '-fno-omit-frame-pointer', '-o', actor, source])
afterAll(() => rmSync(directory, { recursive: true }))

const run = promisify(execFile)
const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8')
const status = (pid: number, field: string): string =>
  new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
const command = (line: string): ProbeCommand => ({ probe: 'probe', command: line, environment: {} })

/** Runs the actor again and again: those in the middle lie wholly in the window. */
const again =
  (...args: string[]) =>
  async (over: AbortSignal): Promise<void> => {
    while (!over.aborted) await run(actor, args)
  }

test('bpf-failed-calls counts the failures of a program, and names the paths', async () => {
  const before = mounts()
  const seen = await collect(bpfFailedCalls, { during: again('lookups', directory) })
  expect([seen.badLines, seen.notes]).toEqual([0, []])
  const rows = seen.rows('syscalls').filter(({ comm, errno }) => comm === 'actor' && errno === 'ENOENT')
  const whole = rows.filter(
    ({ args, call, count }) => args === 'total' && call === 'newfstatat' && count === 1000,
  )
  expect(whole.length).toBeGreaterThan(0)
  // The sample is shared by all processes of one command: not each of them has a part in it.
  const sampled = rows.filter(({ args, call }) => args === 'sampled path' && call === 'newfstatat')
  expect(sampled.length).toBeGreaterThan(0)
  expect(sampled.every(({ path, pid }) => path?.startsWith(`${directory}/absent-${pid}-`) === true)).toBe(
    true,
  )
  expect(mounts()).toBe(before)
})

test('bpf-call-latency times calls, and names the path of one that does not return', async () => {
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])
  await using naps = await startFixture([actor, 'naps'])
  // Each of these waits for a writer that does not come.
  const seen = await collect(bpfCallLatency, {
    during: async (over) => {
      await using readers = new AsyncDisposableStack()
      while (!over.aborted) {
        readers.use(await startFixture(['sh', '-c', 'echo ready; exec 3< "$0"', pipe]))
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
  })
  expect([seen.badLines, seen.notes]).toEqual([0, []])
  const rows = seen.rows('syscalls')
  const nap = rows.find(
    ({ pid, call, args }) => pid === naps.pid && call === 'clock_nanosleep' && args === 'total',
  )
  expect(nap?.max_ns).toBeGreaterThanOrEqual(NAP_NS)
  expect(nap?.duration_ns).toBeGreaterThanOrEqual(Number(nap?.count) * NAP_NS)
  const stuck = rows.filter(({ args, path }) => args === 'in flight' && path === pipe)
  expect(stuck.length).toBeGreaterThan(0)
  expect(stuck.every(({ call, finished }) => call === 'openat' && finished === false)).toBe(true)
})

test('bpf-wakeups, bpf-timers and perf-off-cpu see a program that naps', async () => {
  await using naps = await startFixture([actor, 'naps'])
  const woken = (await collect(bpfWakeups)).rows('wakeups').filter(({ tid }) => tid === naps.pid)
  expect(woken[0]).toMatchObject({ comm: 'actor' })

  const timers = (await collect(bpfTimers)).rows('timers').filter(({ pid }) => pid === naps.pid)
  const of = (what: string) =>
    timers.find((row) => row.operation === what && row.function === 'hrtimer_wakeup')
  expect(Number(of('start')?.count)).toBeGreaterThan(1)
  expect(Number(of('expire')?.late_ns)).toBeGreaterThan(0)

  const stacks = (await collect(perfOffCpu, { targets: [naps.pid] })).rows('stacks')
  expect(new Set(stacks.map(({ pid }) => pid))).toEqual(new Set([naps.pid]))
  const [longest] = stacks.toSorted((a, b) => Number(b.weight) - Number(a.weight))
  expect(longest).toMatchObject({ comm: 'actor', state: 'off-cpu', unit: 'ns' })
  expect(longest?.frames?.slice(0, longest.kernel_frames ?? 0)).toContain('do_nanosleep')
  expect(longest?.frames?.slice(longest.kernel_frames ?? 0)).toContain('take_naps')

  expect((await collect(perfOffCpu)).rows('stacks')).toEqual([])
  const everybody = (await collect(perfOffCpu, { properties: { everybody: true } })).rows('stacks')
  expect(everybody.some(({ pid }) => pid === naps.pid)).toBe(true)
  expect(everybody.some(({ pid }) => pid === process.pid)).toBe(false)
  expect(everybody.every(({ tid }) => tid !== 0)).toBe(true)
})

test('bpf-block-io names who writes to which device', async () => {
  const file = join(directory, 'blocks')
  await using writer = await startFixture([actor, 'writes', file])
  const rows = (await collect(bpfBlockIo)).rows('block_io').filter(({ pid }) => pid === writer.pid)
  expect(rows[0]).toMatchObject({
    comm: 'actor',
    operation: 'write',
    device: expect.stringMatching(/^[a-z]/),
  })
  expect(Number(rows[0]?.bytes)).toBe(65_536 * Number(rows[0]?.count))
})

test('perf-on-cpu names the function that burns', async () => {
  await using burner = await startFixture([actor, 'burns'])
  const before = mounts()
  const seen = await collect(perfOnCpu)
  const rows = seen.rows('stacks').filter(({ pid }) => pid === burner.pid)
  expect(rows.some(({ frames }) => frames?.[0] === 'burn')).toBe(true)
  expect(mounts()).toBe(before)
})

test('ftrace sees calls and wakeups through an instance of its own', async () => {
  await using naps = await startFixture([actor, 'naps'])
  const before = mounts()
  const seen = await collect(ftrace, { targets: [naps.pid], properties: { when: 'always' } })
  expect([seen.badLines, seen.notUndone]).toEqual([0, []])
  const nap = seen.rows('syscalls').find(({ call, args }) => call === 'clock_nanosleep' && args === 'total')
  expect(nap).toMatchObject({ pid: naps.pid, comm: 'actor', errno: '' })
  expect(seen.rows('wakeups').some(({ tid }) => tid === naps.pid)).toBe(true)
  expect(seen.ledger.match(/"undone"/g)).toHaveLength(2)
  expect(mounts()).toBe(before)
})

test('tcpdump sees the packets of the ports of the targets, and no others', async () => {
  const servers = [createServer((socket) => socket.end('hello')), createServer()]
  for (const server of servers) await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  const [port, other] = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  })
  const talk = (to: number): Promise<void> =>
    new Promise(
      (done) =>
        void connect(to, '127.0.0.1')
          .on('close', () => done())
          .resume(),
    )
  try {
    const seen = await collect(tcpdump, {
      properties: { filter: `port ${port}` },
      during: async (over) => {
        while (!over.aborted) await talk(port ?? 0)
      },
    })
    expect(seen.badLines).toBe(0)
    const rows = seen.rows('packets')
    expect(new Set(rows.map(({ protocol, interface: device }) => `${protocol} ${device}`))).toEqual(
      new Set(['tcp lo']),
    )
    expect(new Set(rows.map(({ flags }) => flags))).toEqual(new Set(['S', 'SA', 'A', 'PA', 'FA']))

    const both = await collect(tcpdump, { targets: [process.pid], windowMs: 200 })
    expect(both.notes.join()).toContain(String(port))
    expect(both.notes.join()).toContain(String(other))
  } finally {
    for (const server of servers) server.close()
  }
})

test('strace shows calls of targets and commands, and how long one has hung', async () => {
  await using naps = await startFixture([actor, 'naps'])
  const seen = await collect(strace, {
    targets: [naps.pid],
    windowMs: 3000,
    properties: { repeat: 1 },
    commands: [command(`${actor} lookups ${directory}`), { ...command('exec sleep 4711'), probe: 'hangs' }],
  })
  const rows = seen.rows('syscalls')
  expect(
    rows.filter(({ tid, call }) => tid === naps.pid && call === 'clock_nanosleep').length,
  ).toBeGreaterThan(1)
  const missed = rows.filter(
    ({ path, errno }) => errno === 'ENOENT' && path?.startsWith(`${directory}/absent-`) === true,
  )
  expect(missed.length).toBe(1000)
  const hangs = rows.find(({ comm, call }) => comm === 'sleep' && call === 'clock_nanosleep')
  expect(hangs?.finished).toBe(false)
  expect(Number(hangs?.duration_ns)).toBeGreaterThan(1_000_000_000)
  expect(status(naps.pid, 'TracerPid')).toBe('0')
})

test('gdb names the functions of each thread', async () => {
  await using naps = await startFixture([actor, 'naps'])
  const [row, ...more] = (await collect(gdb, { targets: [naps.pid] })).rows('stacks')
  expect(more).toEqual([])
  expect(row).toMatchObject({ pid: naps.pid, tid: naps.pid, comm: 'actor', event: 'dump', unit: 'threads' })
  expect(row?.frames?.slice(-3)).toEqual(['nap', 'take_naps', 'main'])
  expect(status(naps.pid, 'State')).not.toMatch(/^[tT]/)
})

test('sigstop lets the process go on, and leaves alone one that was stopped', async () => {
  await using naps = await startFixture([actor, 'naps'])
  const seen = await collect(sigstop, { targets: [naps.pid] })
  expect(seen.rows('events')).toMatchObject([{ name: 'sigstop' }])
  expect(status(naps.pid, 'State')).not.toMatch(/^[tT]/)

  naps.child.kill('SIGSTOP')
  await expect.poll(() => status(naps.pid, 'State')).toMatch(/^T/)
  const left = await collect(sigstop, { targets: [naps.pid] })
  expect(left.rows('events')).toEqual([])
  expect(status(naps.pid, 'State')).toMatch(/^T/)
})

test('drop-caches says what was dropped', async () => {
  for (let turn = 0; turn < 5; turn += 1) await run(actor, ['lookups', directory])
  const [row] = (await collect(dropCaches)).rows('events')
  const [, before, after] = /negative dentries (\d+) -> (\d+)/.exec(row?.detail ?? '') ?? []
  expect(Number(before)).toBeGreaterThanOrEqual(5000)
  expect(Number(after)).toBeLessThan(Number(before))
})

test('change-command runs what the user wrote, and tells its failure from ours', async () => {
  const file = join(directory, 'changed')
  await collect(changeCommand, {
    targets: [7, 8],
    properties: { script: `echo "$QUARRY_TARGETS" > ${file}` },
  })
  expect(readFileSync(file, 'utf8')).toBe('7 8\n')
  await expect(collect(changeCommand, { properties: { script: 'echo why >&2; exit 3' } })).rejects.toThrow(
    /exit code 3 on server\/0: why$/,
  )
  await expect(
    collect(changeCommand, { properties: { script: 'sleep 60', timeout: '100ms' } }),
  ).rejects.toThrow(/took longer than 100ms/)
})

describe('a target that is gone is no error', () => {
  test.for([perfOffCpu, perfOnCpu, ftrace, tcpdump, strace, gdb, sigstop])('$id', async (collector) => {
    const always = collector === ftrace ? { properties: { when: 'always' } } : {}
    const { badLines } = await collect(collector, { targets: [GONE], windowMs: 200, ...always })
    expect(badLines).toBe(0)
  })
})

describe('an abort ends it at once and leaves nothing behind', () => {
  test.for([bpfFailedCalls, perfOnCpu, ftrace, tcpdump, strace, sigstop])('$id', async (collector) => {
    await using naps = await startFixture([actor, 'naps'])
    const before = mounts()
    const abort = new AbortController()
    const properties =
      collector === ftrace ? { when: 'always' } : collector === sigstop ? { moment: '1h' } : {}
    const collecting = collect(collector, {
      targets: [naps.pid],
      windowMs: 3_600_000,
      properties,
      signal: abort.signal,
      during: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        abort.abort(new Error('the test has seen enough'))
      },
    })
    await expect(collecting).rejects.toThrow('the test has seen enough')
    expect(mounts()).toBe(before)
    expect(status(naps.pid, 'TracerPid')).toBe('0')
    await expect.poll(() => status(naps.pid, 'State')).not.toMatch(/^[tT]/)
  })
})
