import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { allProcesses } from '../../base/process-tree.ts'
import { EnvironmentError } from '../../base/errors.ts'
import { localNode } from '../../node/local.ts'
import type { Probe } from '../../plugin/probe.ts'
import http from '../../plugins/probes/http/index.ts'
import tcp from '../../plugins/probes/tcp/index.ts'
import { createProber, PROGRAM, type Prober } from './prober.ts'

const never = new AbortController().signal

let scratch = ''
let prober: Prober
const node = (enter?: readonly string[]) =>
  localNode({
    run: 'prober-test',
    group: 'server',
    ordinal: 0,
    scratch,
    ...(enter === undefined ? {} : { enter: () => enter }),
  })
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'prober-'))
  prober = await createProber(node(), never)
})
afterEach(async () => {
  await prober[Symbol.asyncDispose]()
  rmSync(scratch, { recursive: true })
  expect(processes()).toEqual([])
})

/** Probers that this test has started. */
const processes = (): number[] =>
  allProcesses().flatMap(({ pid, state }) => {
    if (state === 'Z') return []
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'latin1').includes('QUARRY_RUN=prober-test')
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(PROGRAM) ? [pid] : []
    } catch {
      return []
    }
  })

const open = (
  plugin: typeof tcp,
  properties: Readonly<Record<string, unknown>>,
  timeoutMs = 30_000,
): Promise<Probe> =>
  prober.open(plugin, { name: 'test', environment: {}, timeoutMs }, plugin.properties.parse(properties))

/** A web server that answers a path with it, and never answers `/never`. */
async function serve(): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer((request, response) => {
    if (request.url !== '/never') response.end(`you asked for ${request.url}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('probes share one process, and say there what they say here', async () => {
  await using server = await serve()
  const page = await open(http, { url: `http://${server.address}/page`, expect: 'for /page$' })
  const port = await open(tcp, { address: server.address, send: 'GET / HTTP/1.0\r\n\r\n', expect: '200 OK' })
  const wrong = await open(http, { url: `http://${server.address}/`, status: [404] })
  const attempts = await Promise.all([page, port, wrong].map((probe) => probe.attempt(never)))
  expect(attempts).toMatchObject([
    { success: true, stage: 'done', values: { http_status_code: 200, http_body_bytes: 19 } },
    { success: true, stage: 'done' },
    { success: false, error: expect.stringMatching(/^connected after .*, status 200, expected 404$/) },
  ])
  for (const { durationNs } of attempts) expect(durationNs).toBeGreaterThan(0)
  expect(processes()).toHaveLength(1)
  expect(readFileSync(`/proc/${processes()[0]}/comm`, 'utf8')).toBe('quarry\n')
})

test('time that runs out, on either side', async () => {
  await using server = await serve()
  const url = `http://${server.address}/never`
  const short = await open(http, { url }, 100)
  expect((await short.attempt(never)).error).toMatch(/^connected after .*, no answer within 100ms$/)
  const controller = new AbortController()
  const attempt = (await open(http, { url })).attempt(controller.signal)
  controller.abort(new Error('the run ended'))
  expect((await attempt).error).toContain('given up: the run ended')
})

test('a process that was killed is started again, and one that stands still is not waited for', async () => {
  await using server = await serve()
  const probe = await open(http, { url: `http://${server.address}/` })
  const hanging = (await open(http, { url: `http://${server.address}/never` })).attempt(never)
  const [first = 0] = processes()
  // 0 would be the group of this process.
  expect(first).toBeGreaterThan(0)
  process.kill(first, 'SIGKILL')
  await expect(hanging).rejects.toThrow('the process on server/0 that tries it has ended')
  expect(await probe.attempt(never)).toMatchObject({ success: true })
  const [second = 0] = processes()
  expect([0, first]).not.toContain(second)

  process.kill(second, 'SIGSTOP')
  const late = probe.attempt(AbortSignal.abort(new Error('no answer within 1s')))
  await expect(late).rejects.toThrow(
    'the process on server/0 that tries it does not answer: no answer within 1s',
  )
  process.kill(second, 'SIGCONT')
  expect(await probe.attempt(never)).toMatchObject({ success: true })
})

test('it ends with its input, as when Quarry is killed', async () => {
  await using server = await serve()
  await open(tcp, { address: server.address })
  expect(processes()).toHaveLength(1)
  await prober[Symbol.asyncDispose]()
  expect(processes()).toEqual([])
  await using idle = await node().spawn([process.execPath, PROGRAM], { input: '' })
  expect((await idle.done).exitCode).toBe(0)
})

test('a node that cannot run it, and a probe that cannot be opened', async () => {
  const failure = await createProber(node(['false']), never).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EnvironmentError)
  expect(failure).toMatchObject({
    message: 'server/0 has no Node.js 24 with the files of Quarry',
    remedy: expect.stringMatching(/^install Node.js 24 and Quarry at \//),
  })
  const broken = { ...tcp, module: 'file:///no/such/module.ts' } as typeof tcp
  await expect(open(broken, { address: '127.0.0.1:1' })).rejects.toThrow(/Cannot find module/)
})
