/**
 * All samplers at 1 Hz on a host with 200 processes or more, beside node_exporter scraped at 1 Hz: the CPU time of both
 * over the same 20 seconds. node_exporter runs once as it comes, which has no series of processes and slabs, and once
 * with the same subjects as ours.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

const PROCESSES = 200
/** Seconds in which V8 compiles what is run again and again; a run lasts longer. */
const WARM_UP = 20
const SECONDS = 20
/** Of one core. */
const LIMIT = 0.02
const TICKS_PER_SECOND = 100

const print = (name: string, rest: string): void => void process.stdout.write(`${name.padEnd(56)} ${rest}\n`)

/** CPU time of a process so far, in ms: fields 14 and 15 of /proc/PID/stat. */
function cpuMs(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const children: ChildProcess[] = []
const start = (program: string, args: readonly string[]): ChildProcess => {
  const child = spawn(program, args, { stdio: 'ignore' })
  children.push(child)
  return child
}

async function startExporter(flags: readonly string[]): Promise<ChildProcess> {
  const port = await freePort()
  const exporter = start('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`, ...flags])
  // Whoever scrapes is not counted: a shell does it, and the exporter compresses as it does for Prometheus.
  const scrape = `while sleep 1; do curl -s --compressed -o /dev/null http://127.0.0.1:${port}/metrics; done`
  start('bash', ['-c', scrape])
  return exporter
}

const subjects = [
  'cpu',
  'loadavg',
  'stat',
  'schedstat',
  'pressure',
  'meminfo',
  'vmstat',
  'slabinfo',
  'filefd',
]
subjects.push('diskstats', 'filesystem', 'netdev', 'netclass', 'netstat', 'sockstat', 'softnet', 'conntrack')
subjects.push('processes')

try {
  const running = readdirSync('/proc').filter((name) => /^\d/.test(name)).length
  for (let count = running; count < PROCESSES; count++) start('sleep', ['1000'])
  const exporters = {
    'node_exporter as it comes': await startExporter([]),
    'node_exporter, the same subjects': await startExporter([
      '--collector.disable-defaults',
      ...subjects.map((subject) => `--collector.${subject}`),
    ]),
  }
  const task = promisify(execFile)(process.execPath, [
    new URL('task.ts', import.meta.url).pathname,
    String(WARM_UP),
    String(SECONDS),
  ])
  await setTimeout(WARM_UP * 1000)
  const before = Object.values(exporters).map(({ pid }) => cpuMs(pid))
  await setTimeout(SECONDS * 1000)
  const after = Object.values(exporters).map(({ pid }) => cpuMs(pid))
  const ours: { readonly cpuMs: number; readonly series: number } = JSON.parse((await task).stdout)

  const share = ours.cpuMs / (SECONDS * 1000)
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`
  print(
    `all samplers at 1 Hz, ${Math.max(running, PROCESSES)} processes, ${ours.series} series`,
    `${percent(share)} of one core, ${(share / LIMIT).toFixed(2)} of the limit of ${percent(LIMIT)}`,
  )
  for (const [index, name] of Object.keys(exporters).entries()) {
    const theirs = (after[index] ?? 0) - (before[index] ?? 0)
    const ratio = (ours.cpuMs / theirs).toFixed(2)
    print(name, `${percent(theirs / (SECONDS * 1000))} of one core; ours takes ${ratio} of it`)
  }
} finally {
  for (const child of children) child.kill('SIGKILL')
}
