/** Probes over connections that a process on the node makes say what they say over connections of this process. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serve, serveDark, serveHttp } from '../../../test/harness/servers.ts'
import { allProcesses } from '../../base/process-tree.ts'
import { localNode } from '../../node/local.ts'
import type { ComponentOf } from '../../plugin/registry.ts'
import type { ProbeResult } from '../../plugin/probe.ts'
import http from '../../plugins/probes/http/index.ts'
import tcp from '../../plugins/probes/tcp/index.ts'
import udp from '../../plugins/probes/udp/index.ts'
import unix from '../../plugins/probes/unix/index.ts'
import { createRelay, type Relay } from './relay.ts'

const never = new AbortController().signal
let scratch = ''
let relay: Relay
const node = (enter?: readonly string[]) =>
  localNode({
    run: 'relay-test',
    group: 'server',
    ordinal: 0,
    scratch,
    ...(enter === undefined ? {} : { enter: () => enter }),
  })
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'relay-'))
  relay = await createRelay(node(), never)
})
afterEach(async () => {
  await relay[Symbol.asyncDispose]()
  rmSync(scratch, { recursive: true })
  expect(relays()).toEqual([])
})

/** Relays that this test has started. */
const relays = (): number[] =>
  allProcesses().flatMap(({ pid, state }) => {
    if (state === 'Z') return []
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'latin1').includes('QUARRY_RUN=relay-test')
      return isOurs && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'quarry\n' ? [pid] : []
    } catch {
      return []
    }
  })

type Properties = Readonly<Record<string, unknown>>

/** One attempt over the relay, and one without. */
async function both(plugin: ComponentOf<'probe'>, properties: Properties, timeoutMs = 5000) {
  const parsed = plugin.properties.parse(properties)
  const attempt = async (context: object): Promise<ProbeResult> => {
    const given = { name: 'test', node: node(), environment: {}, timeoutMs, ...context }
    const { durationNs: _, values = {}, ...said } = await (await plugin.open(given, parsed)).attempt(never)
    // Times differ.
    const { connect_seconds: __, ...counted } = values
    return { ...said, error: said.error?.replace(/(?<=after )[\d.]+(us|ms|s)/, 'T') ?? '', values: counted }
  }
  const [there, here] = await Promise.all([attempt({ dial: relay.dial }), attempt({})])
  expect(there).toEqual(here)
  return there
}

const echo = (socket: Socket): void => void socket.on('data', (data) => socket.write(data))

test('what answers', async () => {
  const path = join(scratch, 'http')
  await using page = await serveHttp((request, response) => response.end(`asked for ${request.url}`), path)
  await using port = await serve(echo)
  expect(page).toBeDefined()
  const pages = { socket: path, url: 'http://localhost/page', expect: 'for /page$' }
  expect(await both(http, pages)).toMatchObject({ success: true, values: { http_body_bytes: 15 } })
  expect(await both(http, { ...pages, status: [404] })).toMatchObject({ success: false })
  expect(await both(unix, { path, http: '/status' })).toMatchObject({ success: true })
  const address = `localhost:${port.port}`
  expect(await both(tcp, { address, send: 'ping', expect: '^ping$' })).toMatchObject({ success: true })
  expect(await both(tcp, { address, send: 'x'.repeat(300_000), expect: 'x{65536}' })).toMatchObject({
    success: true,
  })
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  server.on('message', (asked, from) => server.send(`you said ${asked.toString()}`, from.port, from.address))
  await once(server, 'listening')
  const status = { address: `127.0.0.1:${server.address().port}`, expect: '^you said (status)?$' }
  expect(await both(udp, { ...status, send: 'status' })).toMatchObject({ success: true })
  expect(await both(udp, status)).toMatchObject({ success: true })
  server.close()
  expect(relays()).toHaveLength(1)
})

test('what does not', async () => {
  const file = join(scratch, 'file')
  writeFileSync(file, '')
  expect(await both(unix, { path: file, http: '/' })).toMatchObject({ success: false, stage: 'connect' })
  expect((await both(unix, { path: join(scratch, 'absent') })).error).toContain('there is no such socket')
  expect((await both(tcp, { address: '127.0.0.1:1' })).error).toBe('connection refused (ECONNREFUSED)')
  expect((await both(http, { url: 'http://127.0.0.1:1/' })).error).toBe('connection refused (ECONNREFUSED)')
  expect((await both(udp, { address: '127.0.0.1:1', send: 'x' })).error).toContain('ECONNREFUSED')
  expect(await both(tcp, { address: 'no-such-host.invalid:1' }, 20_000)).toMatchObject({ stage: 'connect' })
  await using closes = await serve((socket) => void socket.end())
  expect((await both(tcp, { address: `127.0.0.1:${closes.port}`, send: 'x' })).error).toContain('closed by')
  await using resets = await serve((socket) => void socket.once('data', () => socket.resetAndDestroy()))
  expect((await both(tcp, { address: `127.0.0.1:${resets.port}`, send: 'x' })).error).toContain('ECONNRESET')
  const dark = join(scratch, 'dark')
  await using _ = await serveDark(dark, 8)
  expect((await both(unix, { path: dark, http: '/' }, 300)).error).toContain('no answer within 300ms')
})

test('a process that was killed is started again', async () => {
  await using server = await serve(echo)
  await using dark = await serve(() => undefined)
  const open = (port: number) =>
    tcp.open(
      { name: 'test', node: node(), environment: {}, timeoutMs: 30_000, dial: relay.dial } as never,
      tcp.properties.parse({ address: `127.0.0.1:${port}`, send: 'x' }),
    )
  const probe = await open(server.port)
  expect(await probe.attempt(never)).toMatchObject({ success: true })
  const hanging = (await open(dark.port)).attempt(never)
  const [pid] = relays()
  if (pid === undefined) throw new Error('no relay is there')
  process.kill(pid, 'SIGKILL')
  expect((await hanging).error).toContain('the process on server/0 that tries it has ended')
  expect(await probe.attempt(never)).toMatchObject({ success: true })
  expect(relays()).not.toContain(pid)
})

test('a node that cannot run it', async () => {
  await expect(createRelay(node(['false']), never)).rejects.toThrow('server/0 has no perl')
})
