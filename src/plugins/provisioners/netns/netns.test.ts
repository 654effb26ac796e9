import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linkOf } from '../../../node/netns/link.ts'
import { openLedger, readLedger } from '../../../node/ledger.ts'
import type { Node } from '../../../plugin/node.ts'
import type { ProvisionContext } from '../../../plugin/provisioner.ts'
import netns from './index.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quarry-netns-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const failing = (sentence: string): never => {
  throw new Error(sentence)
}
const said = async (node: Node | undefined, ...command: readonly string[]): Promise<string> => {
  const result = await node?.run(command)
  return `${result?.stdout}${result?.stderr}`.trim()
}

/** A run without anything but its nodes. */
async function provisioned(run: string, counts: Readonly<Record<string, number>>, given: object = {}) {
  const properties = netns.properties.parse(given)
  await using stack = new AsyncDisposableStack()
  const ledger = stack.use(openLedger(join(directory, `${run}.jsonl`), run, failing))
  const contexts = Object.entries(counts).map(([group, count]): ProvisionContext => ({
    run,
    group,
    count,
    ledger,
    directory: join(directory, run, group),
    definitionDirectory: directory,
    note: () => {},
    signal: new AbortController().signal,
  }))
  const groups = await Promise.all(contexts.map((context) => netns.provision(context, properties)))
  for (const group of groups) stack.use(group)
  const owned = stack.move()
  return { groups: groups.map(({ nodes }) => nodes), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

test('nodes of different groups have names and addresses in one network, and a loopback of their own', async () => {
  const run = `netns-${process.pid}-names`
  {
    await using one = await provisioned(run, { server: 2, client: 1 })
    const [[first, second] = [], [client] = []] = one.groups
    expect(await said(client, 'hostname')).toBe('client-0')
    expect(await said(client, 'getent', 'hosts', 'server-1')).toMatch(
      new RegExp(`^${second?.address}\\s+server-1$`),
    )
    expect(await said(client, 'getent', 'ahostsv4', 'localhost')).toContain('127.0.0.1')
    expect(await said(second, 'ip', '-brief', 'address')).toMatch(
      new RegExp(`^lo .*127\\.0\\.0\\.1/8[^]*^eth0@\\S+\\s+UP\\s+${second?.address}/24`, 'm'),
    )
    expect(await said(first, 'pwd')).toBe(first?.scratch)
    expect(new Set([first, second, client].map((node) => node?.host))).toEqual(new Set(['localhost']))
    expect(first?.network?.switch).toBe(client?.network?.switch)
    expect(first?.files.text('/proc/net/dev')).toContain('eth0:')
    expect(first?.files.list('/sys/class/net').toSorted()).toEqual(['eth0', 'lo'])
    expect(first?.files.link('/proc/self/ns/net')).not.toBe(second?.files.link('/proc/self/ns/net'))
    expect(existsSync(`/sys/class/net/${linkOf(run)}`)).toBe(true)
  }
  expect(existsSync(`/sys/class/net/${linkOf(run)}`)).toBe(false)
  expect(readLedger(join(directory, `${run}.jsonl`))?.left).toEqual([])
})

test('the controller reaches the nodes, and the nodes the controller', async () => {
  const server = createServer((socket) => socket.end(`hello ${socket.remoteAddress}`))
  await new Promise<void>((resolve) => void server.listen(0, '0.0.0.0', resolve))
  try {
    await using one = await provisioned(`netns-${process.pid}-reach`, { server: 1 })
    const [[node] = []] = one.groups
    const { port } = server.address() as AddressInfo
    expect(await said(node, 'bash', '-c', `cat </dev/tcp/controller/${port}`)).toBe(`hello ${node?.address}`)
  } finally {
    server.close()
  }
})

test('two runs at the same time are two networks', async () => {
  const runs = ['a', 'b', 'c'].map((name) => `netns-${process.pid}-${name}`)
  const all = await Promise.all(runs.map((run) => provisioned(run, { server: 1 })))
  const addresses = all.map(({ groups }) => groups[0]?.[0]?.address.replace(/\d+$/, ''))
  await Promise.all(all.map((one) => one[Symbol.asyncDispose]()))
  expect(new Set(addresses).size).toBe(3)
})

test('stopping a command in a node ends all that it started', async () => {
  await using one = await provisioned(`netns-${process.pid}-stop`, { server: 1 })
  const [[node] = []] = one.groups
  const command = await node?.spawn(['sh', '-c', 'setsid sleep 4712 & sleep 4712'])
  await expect.poll(() => said(node, 'pgrep', '-xfc', 'sleep 4712')).toBe('2')
  await command?.stop()
  expect(await said(node, 'pgrep', '-xfc', 'sleep 4712')).toBe('0')
})

test('a group that goes and comes again has the same addresses', async () => {
  const run = `netns-${process.pid}-again`
  await using stack = new AsyncDisposableStack()
  const ledger = stack.use(openLedger(join(directory, 'undo.jsonl'), run, failing))
  await ledger.record({ type: 'processes', run })
  const provision = (group: string) =>
    netns.provision(
      {
        run,
        group,
        count: 2,
        ledger,
        directory: join(directory, group),
        definitionDirectory: directory,
        note: () => {},
        signal: new AbortController().signal,
      },
      netns.properties.parse({}),
    )
  const first = await provision('server')
  const client = stack.use(await provision('client'))
  await first[Symbol.asyncDispose]()
  const second = stack.use(await provision('server'))
  expect(second.nodes.map(({ address }) => address)).toEqual(first.nodes.map(({ address }) => address))
  const found = await said(client.nodes[0], 'getent', 'ahostsv4', 'server-0')
  expect(new Set(found.split('\n').map((line) => line.split(' ')[0]))).toEqual(
    new Set([second.nodes[0]?.address]),
  )
})

test('the largest packet is as large as it is told', async () => {
  await using one = await provisioned(`netns-${process.pid}-mtu`, { server: 2 }, { mtu: 9000 })
  const [[first, second] = []] = one.groups
  expect(first?.files.text('/sys/class/net/eth0/mtu')).toBe('9000\n')
  expect(await said(first, 'ip', 'route', 'get', second?.address ?? '')).toContain('dev eth0')
})

test('more nodes than a network has room for are refused', async () => {
  await expect(provisioned(`netns-${process.pid}-many`, { server: 254 })).rejects.toThrow(
    'a run has room for 253 nodes',
  )
})
