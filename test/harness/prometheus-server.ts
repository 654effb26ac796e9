/** The real Prometheus and its exporters, on loopback and on ports that are free, for as long as a test needs them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../src/base/abort.ts'
import { EnvironmentError, messageOf } from '../../src/base/errors.ts'
import { startProcess } from '../../src/base/process.ts'
import type { SeriesData } from '../../src/model/series.ts'
import { remoteWriteBody } from './remote-write.ts'

export interface LoopbackServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string
}

export interface PrometheusServer extends LoopbackServer {
  /** Stores samples, stale markers included. Times of one series ascend. */
  write(series: Iterable<SeriesData>): Promise<void>
}

/** A port that nobody listens on now. Whoever takes it may lose it again, so starting is tried more than once. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('a listening socket without a port'))
      })
    })
  })
}

/** Starts a program that listens on loopback, and waits until it answers at `readyPath` with 200. */
async function startServer(
  command: (address: string) => readonly string[],
  readyPath: string,
  signal: AbortSignal,
): Promise<LoopbackServer> {
  for (let attempt = 1; ; attempt++) {
    const address = `127.0.0.1:${await freePort()}`
    const program = command(address)
    await using stack = new AsyncDisposableStack()
    let running
    try {
      running = stack.use(await startProcess(program, { signal }))
    } catch (error) {
      throw new EnvironmentError(`${messageOf(error)}; remedy: ./quarry doctor --install --for-tests`, {
        cause: error,
        remedy: './quarry doctor --install --for-tests',
      })
    }
    let exit: string | undefined
    void running.done.then((result) => {
      exit = `${program[0]} ended with ${result.exitCode ?? result.signal}: ${result.stderr.slice(-2000)}`
    })
    const url = `http://${address}`
    while (exit === undefined && !(await answers(`${url}${readyPath}`, signal))) await sleep(25, signal)
    if (exit === undefined) {
      const owned = stack.move()
      return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    }
    if (attempt === 5 || !exit.includes('address already in use')) throw new Error(exit)
  }
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}

export interface PrometheusOptions {
  /** `host:port` that it scrapes every second, as the job `scrape`. */
  readonly target?: string
}

/** Starts Prometheus with an empty store; the default step of its subqueries is a second, as ours. */
export async function startPrometheus(
  signal: AbortSignal,
  { target }: PrometheusOptions = {},
): Promise<PrometheusServer> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'quarry-prometheus-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const config = join(directory, 'prometheus.yml')
  const global = { evaluation_interval: '1s', scrape_interval: '1s' }
  const jobs = target === undefined ? [] : [{ job_name: 'scrape', static_configs: [{ targets: [target] }] }]
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ global, scrape_configs: jobs }))
  const server = stack.use(
    await startServer(
      (address) => [
        'prometheus',
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--web.enable-remote-write-receiver',
        '--log.level=warn',
      ],
      '/-/ready',
      signal,
    ),
  )
  const owned = stack.move()
  return {
    url: server.url,
    write: async (series) => {
      const headers = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' }
      const body = remoteWriteBody(series)
      const response = await fetch(`${server.url}/api/v1/write`, { method: 'POST', headers, body, signal })
      if (response.status !== 204)
        throw new Error(`remote write: ${response.status} ${await response.text()}`)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Starts node_exporter with the collectors named. */
export const startNodeExporter = (
  signal: AbortSignal,
  collectors: readonly string[],
): Promise<LoopbackServer> =>
  startServer(
    (address) => [
      'prometheus-node-exporter',
      `--web.listen-address=${address}`,
      '--collector.disable-defaults',
      ...collectors.map((name) => `--collector.${name}`),
    ],
    '/metrics',
    signal,
  )
