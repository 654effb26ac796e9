import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { recordedFiles } from '../../../../test/harness/recorded-files.ts'
import { seriesName } from '../../../../test/harness/recorded-samples.ts'
import { sampling } from '../../../../test/harness/sampling.ts'
import { localFiles } from '../../../node/local-files.ts'
import processes from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'processes-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true })
})

async function start(program: string, ...args: string[]): Promise<{ child: ChildProcess; pid: string }> {
  const child = spawn(program, args, { stdio: 'ignore' })
  await once(child, 'spawn')
  children.push(child)
  return { child, pid: String(child.pid) }
}

const hostileNames = ['a) R 1 (b', '"quoted" \\', 'two\nlines', 'x{y="z"}', 'ünï', '()', ' ']

test.each(hostileNames)('a process called %j', async (comm) => {
  const program = join(directory, comm)
  copyFileSync('/bin/sleep', program)
  const { pid } = await start(program, '100')
  const { tick } = sampling(processes, localFiles())
  const labels = { pid, comm }
  const values = tick()
  expect(values.get(seriesName('process_threads', labels))).toBe(1)
  expect(values.get(seriesName('process_open_fds', labels))).toBeGreaterThanOrEqual(3)
  expect(values.get(seriesName('process_resident_memory_bytes', labels))).toBeGreaterThan(4096)
  expect(
    values.get(seriesName('process_context_switches_total', { ...labels, kind: 'voluntary' })),
  ).toBeTypeOf('number')
})

test('what this process uses is what it says itself', () => {
  const { tick } = sampling(processes, localFiles())
  const labels = { pid: String(process.pid), comm: readFileSync('/proc/self/comm', 'utf8').trimEnd() }
  const before = process.cpuUsage()
  const started = Date.now() / 1000 - process.uptime()
  const values = tick()
  const after = process.cpuUsage()
  const user = values.get(seriesName('process_cpu_seconds_total', { ...labels, mode: 'user' })) ?? 0
  expect(user).toBeGreaterThanOrEqual(before.user / 1e6 - 0.02)
  expect(user).toBeLessThanOrEqual(after.user / 1e6 + 0.02)
  const start = values.get(seriesName('process_start_time_seconds', labels)) ?? 0
  expect(Math.abs(start - started)).toBeLessThan(2)
  const io = readFileSync('/proc/self/io', 'utf8')
  const syscalls = values.get(seriesName('process_io_read_syscalls_total', labels)) ?? 0
  expect(syscalls).toBeGreaterThan(0)
  expect(syscalls).toBeLessThanOrEqual(Number(/syscr: (\d+)/.exec(io)?.[1]))
})

test('processes that end are forgotten, their series with them', async () => {
  const { tick, sink } = sampling(processes, localFiles(), { limit: 100_000 })
  const started = await Promise.all(Array.from({ length: 20 }, () => start('sleep', '100')))
  tick()
  const withThem = sink.size
  for (const { child } of started) {
    child.kill()
    await once(child, 'exit')
  }
  const values = tick()
  const left = started.filter(({ pid }) => [...values.keys()].some((key) => key.includes(`pid="${pid}"`)))
  expect(left).toEqual([])
  expect(sink.size).toBeLessThan(withThem)
})

/** A process as procfs shows it. */
function addProcess(
  files: Map<string, string>,
  pid: number,
  { comm = 'worker', state = 'S', flags = 0x400000, ticks = 0, start = 100, slices = 1, threads = 2 } = {},
): void {
  files.set(
    `/proc/${pid}/stat`,
    `${pid} (${comm}) ${state} 1 ${pid} 1 0 -1 ${flags} 5 0 6 0 ${ticks} 0 0 0 20 0 ${threads} 0 ${start} 8192 3 0\n`,
  )
  files.set(`/proc/${pid}/io`, 'rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n')
  files.set(
    `/proc/${pid}/status`,
    'Name:\tworker\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t8\n',
  )
  files.set(`/proc/${pid}/fd/0`, '')
  files.set(`/proc/${pid}/schedstat`, `9000 2500000000 ${slices}\n`)
}

const host = new Map([
  ['/proc/stat', 'btime 1000\n'],
  ['/proc/self/smaps', 'KernelPageSize:       64 kB\n'],
])

test('all columns of a process, on a host with large pages', () => {
  const files = new Map(host)
  addProcess(files, 7, { ticks: 150, state: 'D' })
  const { tick } = sampling(processes, recordedFiles(files))
  expect(Object.fromEntries(tick())).toMatchInlineSnapshot(`
    {
      "node_processes_pids": 1,
      "node_processes_state{state="D"}": 1,
      "node_processes_threads": 2,
      "process_context_switches_total{comm="worker",kind="involuntary",pid="7"}": 8,
      "process_context_switches_total{comm="worker",kind="voluntary",pid="7"}": 7,
      "process_cpu_seconds_total{comm="worker",mode="system",pid="7"}": 0,
      "process_cpu_seconds_total{comm="worker",mode="user",pid="7"}": 1.5,
      "process_io_read_bytes_total{comm="worker",pid="7"}": 5,
      "process_io_read_chars_total{comm="worker",pid="7"}": 1,
      "process_io_read_syscalls_total{comm="worker",pid="7"}": 3,
      "process_io_write_syscalls_total{comm="worker",pid="7"}": 4,
      "process_io_written_bytes_total{comm="worker",pid="7"}": 6,
      "process_io_written_chars_total{comm="worker",pid="7"}": 2,
      "process_open_fds{comm="worker",pid="7"}": 1,
      "process_page_faults_total{comm="worker",kind="major",pid="7"}": 6,
      "process_page_faults_total{comm="worker",kind="minor",pid="7"}": 5,
      "process_resident_memory_bytes{comm="worker",pid="7"}": 196608,
      "process_run_delay_seconds_total{comm="worker",pid="7"}": 2.5,
      "process_start_time_seconds{comm="worker",pid="7"}": 1001,
      "process_state{comm="worker",pid="7",state="D"}": 1,
      "process_threads{comm="worker",pid="7"}": 2,
      "process_virtual_memory_bytes{comm="worker",pid="7"}": 8192,
    }
  `)
})

test('a pid that is used again is another process, also one of the same name', () => {
  const files = new Map(host)
  addProcess(files, 7, { ticks: 500 })
  const { tick, sink } = sampling(processes, recordedFiles(files))
  tick()
  const size = sink.size
  addProcess(files, 7, { ticks: 3, start: 900 })
  expect(tick().get('process_start_time_seconds{comm="worker",pid="7"}')).toBe(1009)
  addProcess(files, 7, { comm: 'other', start: 900 })
  expect([...tick().keys()].filter((key) => key.includes('worker'))).toEqual([])
  expect(sink.size).toBe(size)
})

test('only a process of one thread that was on no CPU since is taken to be as it was', () => {
  const files = new Map(host)
  const change = (pid: number): void =>
    void files.set(
      `/proc/${pid}/io`,
      'rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 9\nwrite_bytes: 9\n',
    )
  for (const [pid, threads] of [1, 1, 2].entries()) addProcess(files, pid, { threads })
  const { tick } = sampling(processes, recordedFiles(files))
  const read = (): (number | undefined)[] => {
    const values = tick()
    return [0, 1, 2].map((pid) => values.get(`process_io_read_bytes_total{comm="worker",pid="${pid}"}`))
  }
  expect(read()).toEqual([5, 5, 5])
  addProcess(files, 1, { threads: 1, slices: 2 })
  for (const pid of [0, 1, 2]) change(pid)
  expect(read()).toEqual([5, 9, 9])
  // Where the kernel keeps no schedstat, everything is read.
  for (const pid of [0, 1, 2]) files.delete(`/proc/${pid}/schedstat`)
  expect(read()).toEqual([9, 9, 9])
})

test('a state that was left is 0', () => {
  const files = new Map(host)
  addProcess(files, 7)
  const { tick } = sampling(processes, recordedFiles(files))
  tick()
  addProcess(files, 7, { state: 'D' })
  const states = [...tick()].filter(([key]) => key.includes('_state{'))
  expect(Object.fromEntries(states)).toEqual({
    'process_state{comm="worker",pid="7",state="S"}': 0,
    'process_state{comm="worker",pid="7",state="D"}': 1,
    'node_processes_state{state="S"}': 0,
    'node_processes_state{state="D"}': 1,
  })
})

test('a kernel worker keeps its name whatever it works on, and has no files', () => {
  const files = new Map(host)
  const { tick } = sampling(processes, recordedFiles(files))
  for (const comm of ['kworker/0:1-events', 'kworker/0:1+flush-254:0', 'kworker/0:1']) {
    addProcess(files, 7, { comm, flags: 0x4208060 })
    const names = [...tick().keys()].filter((key) => key.includes('pid='))
    expect(names.every((key) => key.includes('comm="kworker/0:1"'))).toBe(true)
    expect(names.filter((key) => key.includes('open_fds'))).toEqual([])
  }
})

test('of 5,000 processes the busiest 100 have all columns, the others the cheap ones', () => {
  const files = new Map(host)
  for (let pid = 1; pid <= 5000; pid++) addProcess(files, pid)
  const { tick } = sampling(processes, recordedFiles(files), { limit: 100 })
  tick()
  for (let pid = 4001; pid <= 4100; pid++) addProcess(files, pid, { ticks: pid })
  const keys = [...tick().keys()]
  expect(keys.filter((key) => key.startsWith('process_threads')).length).toBe(5000)
  const detailed = keys
    .filter((key) => key.startsWith('process_open_fds'))
    .map((key) => /pid="(\d+)"/.exec(key)?.[1])
  expect(detailed.map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, i) => 4001 + i),
  )
})

test('garbage in place of a process is no process', () => {
  const files = new Map(host)
  for (const [index, text] of ['', 'x', '1 (a', '1 a)', '1 (a) S', '1 (a) S 1 2\n', ')(', '\0'].entries()) {
    files.set(`/proc/${index + 1}/stat`, text)
  }
  const { tick } = sampling(processes, recordedFiles(files))
  expect(tick().get('node_processes_pids')).toBe(0)
})
