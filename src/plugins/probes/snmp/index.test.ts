/** Against the snmpd of net-snmp, and against agents that answer with garbage. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attemptOnce, openProbe } from '../../../../test/harness/attempt.ts'
import { seededRandom } from '../../../base/random.ts'
import snmp from './index.ts'

const binary = '/usr/sbin/snmpd'
if (!existsSync(binary)) throw new Error('to run this test: apt-get install -y snmpd')

const directory = mkdtempSync(join(tmpdir(), 'snmp-'))
let agent: ChildProcess
let address = ''

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

beforeAll(async () => {
  const port = await freePort()
  address = `127.0.0.1:${port}`
  const configuration = join(directory, 'snmpd.conf')
  const state = join(directory, 'state')
  mkdirSync(state)
  const lines = [
    `agentaddress udp:${address}`,
    'rocommunity public',
    'createUser reader SHA "authenticate" AES "encrypt-it"',
    'rouser reader priv',
    'sysName quarry-test',
    'sysContact 4711',
  ]
  writeFileSync(configuration, `${lines.join('\n')}\n`)
  agent = spawn(binary, ['-f', '-C', '-c', configuration, '-Ln', '-I', '-smux'], {
    stdio: 'ignore',
    env: { ...process.env, SNMP_PERSISTENT_DIR: state, SNMPCONFPATH: directory },
  })
  for (let round = 0; round < 100; round++) {
    if ((await attemptOnce(snmp, { address }, 200)).success) return
    await setTimeout(50)
  }
  throw new Error('snmpd does not answer')
})

afterAll(async () => {
  agent.kill()
  await once(agent, 'exit')
  rmSync(directory, { recursive: true })
})

const oids = {
  uptime: '1.3.6.1.2.1.1.3.0',
  name: '.1.3.6.1.2.1.1.5.0',
  contact: '1.3.6.1.2.1.1.4.0',
  lo_octets: '1.3.6.1.2.1.31.1.1.1.6.1',
}

test.each(['1', '2c', '3'])('version %s: numbers are values, also in text', async (version) => {
  const wanted = version === '1' ? { uptime: oids.uptime, name: oids.name, contact: oids.contact } : oids
  const user = { user: 'reader', authKey: 'authenticate', privKey: 'encrypt-it' }
  await using open = await openProbe(snmp, { address, version, oids: wanted, ...user })
  const { success, values, error } = await open.attempt()
  expect(error).toBeUndefined()
  expect(success).toBe(true)
  expect(values?.['snmp_uptime']).toBeGreaterThan(0)
  expect(values?.['snmp_contact']).toBe(4711)
  expect(values?.['snmp_name']).toBeUndefined()
  if (version !== '1') expect(values?.['snmp_lo_octets']).toBeGreaterThan(0)
})

test('what the agent does not have, or does not give', async () => {
  const absent = { here: oids.uptime, gone: '1.3.6.1.2.1.1.99.0' }
  expect(await attemptOnce(snmp, { address, oids: absent })).toEqual({
    success: false,
    stage: 'done',
    error: 'gone: NoSuchObject: 1.3.6.1.2.1.1.99.0',
  })
  expect((await attemptOnce(snmp, { address, oids: absent, version: '1' })).error).toContain('NoSuchName')
  expect(await attemptOnce(snmp, { address, community: 'secret' }, 300)).toEqual({
    success: false,
    stage: 'receive',
    error: 'no answer within 300ms',
  })
  const wrong = { version: '3', user: 'reader', authKey: 'not the key', privKey: 'encrypt-it' }
  expect((await attemptOnce(snmp, { address, ...wrong }, 2000)).success).toBe(false)
})

test('agents that answer with garbage', { timeout: 60_000 }, async () => {
  const random = seededRandom(7)
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const socket = createSocket('udp4')
  socket.on('message', (message, { port, address: from }) => {
    const answer = Buffer.from(message)
    const request = answer.indexOf(0xa0)
    if (request >= 0) answer[request] = 0xa2
    for (let flips = below(5); flips > 0; flips--) answer[below(answer.length)] = below(256)
    socket.send(answer.subarray(0, below(3) === 0 ? below(answer.length) : answer.length), port, from)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const bad = `127.0.0.1:${socket.address().port}`
  const errors = new Set<string | undefined>()
  for (let round = 0; round < 300; round++) {
    const version = ['1', '2c', '3'][round % 3]
    const { success, error } = await attemptOnce(snmp, { address: bad, version, user: 'x' }, 15)
    expect(success || typeof error === 'string').toBe(true)
    errors.add(error)
  }
  expect(errors.size).toBeGreaterThan(3)
  socket.close()
})

test('an abort ends the attempt', async () => {
  const port = await freePort()
  await using open = await openProbe(snmp, { address: `127.0.0.1:${port}` }, 60_000)
  const controller = new AbortController()
  const attempt = open.attempt(controller.signal)
  void setTimeout(20).then(() => controller.abort(new Error('the run ended')))
  expect((await attempt).error).toBe('given up: the run ended')
})

test('the port has a default', () => {
  expect(snmp.subject(snmp.properties.parse({ address: 'host' }))).toEqual({
    type: 'socket',
    protocol: 'udp',
    address: 'host:161',
  })
})
