/**
 * `http-load` beside wrk, in turn on the same server in the same run, from one process each: requests per second over as
 * many connections as fast as they go, and the 99th percentile of latency at a fixed rate far below that. wrk has no
 * rate: each of its connections waits so long after an answer that about as many requests come. Its latency counts from
 * the sending of a request, ours from the time it was planned for. Medians.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import httpLoad from '../../src/plugins/modules/http-load/index.ts'
import { runModule } from '../../test/harness/run-module.ts'

const ROUNDS = 5
const SECONDS = 5
/** Time in which V8 compiles what is run again and again. */
const WARM_UP = 2
const CONNECTIONS = 32
const RATE = 200

interface Measured {
  /** Requests per second. */
  readonly rate: number
  readonly p99Ms: number
}

async function ours(url: string, properties: object): Promise<Measured> {
  await using run = await runModule(httpLoad, {
    from: 'server',
    urls: [url],
    clients: CONNECTIONS,
    warmup: `${WARM_UP}s`,
    duration: `${SECONDS}s`,
    ...properties,
  })
  const [kind, value] = run.operations.at(-1) ?? []
  const { rate, failed, latencies } = value as {
    rate: number
    failed: number
    latencies: { outcome: string; p99: number }[]
  }
  // On a host that is too busy for the plan the figures mean nothing.
  if (kind !== 'ok' || failed > rate * SECONDS * 0.01) throw new Error(`http-load: ${JSON.stringify(value)}`)
  return { rate, p99Ms: latencies.find(({ outcome }) => outcome === 'ok')?.p99 ?? Number.NaN }
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1000 }

function wrk(url: string, words: readonly string[]): Measured {
  const common = [
    '--threads',
    '1',
    '--connections',
    String(CONNECTIONS),
    '--duration',
    `${SECONDS}s`,
    '--latency',
  ]
  const text = execFileSync('wrk', [...common, ...words, url], { encoding: 'utf8' })
  const [, number, unit = ''] = /^ +99% +([\d.]+)(us|ms|s)$/m.exec(text) ?? []
  const [, rate] = /^Requests\/sec: +([\d.]+)$/m.exec(text) ?? []
  if (/Socket errors|Non-2xx/.test(text) || rate === undefined) throw new Error(text)
  return { rate: Number(rate), p99Ms: Number(number) * (UNITS[unit] ?? Number.NaN) }
}

const median = (of: readonly Measured[], what: keyof Measured): number =>
  of.map((one) => one[what]).toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN
const print = (name: string, rest: string): void => void process.stdout.write(`${name.padEnd(44)} ${rest}\n`)

const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
const server = spawn(process.execPath, [join(import.meta.dirname, 'server.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const [port] = await once(createInterface(server.stdout), 'line')
  const url = `http://127.0.0.1:${port}/`
  const waits = join(directory, 'wait.lua')
  writeFileSync(waits, `function delay() return ${Math.round((1000 * CONNECTIONS) / RATE)} end\n`)
  const fast = { ours: [] as Measured[], wrk: [] as Measured[] }
  const paced = { ours: [] as Measured[], wrk: [] as Measured[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    fast.ours.push(await ours(url, {}))
    fast.wrk.push(wrk(url, []))
    paced.ours.push(await ours(url, { rate: RATE }))
    paced.wrk.push(wrk(url, ['--script', waits]))
  }
  const [mine, theirs] = [median(fast.ours, 'rate'), median(fast.wrk, 'rate')]
  print(
    `as fast as they go, ${CONNECTIONS} connections`,
    `${mine.toFixed(0)} requests/s, wrk ${theirs.toFixed(0)}: ${(mine / theirs).toFixed(2)} x`,
  )
  const [own, other] = [median(paced.ours, 'p99Ms'), median(paced.wrk, 'p99Ms')]
  print(
    `99th percentile at ${median(paced.ours, 'rate').toFixed(0)} requests/s, wrk ${median(paced.wrk, 'rate').toFixed(0)}`,
    `${own.toFixed(2)} ms, wrk ${other.toFixed(2)} ms: ${(own / other).toFixed(2)} x`,
  )
} finally {
  server.kill('SIGKILL')
  rmSync(directory, { recursive: true })
}
