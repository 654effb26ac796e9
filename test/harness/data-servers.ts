/** Redis, etcd and PostgreSQL as Debian has them, each on a free port of the loopback interface and in a directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** A server that can be killed and started again at the same port, with the data that it had. */
export interface DataServer extends AsyncDisposable {
  readonly port: number
  readonly address: string
  kill(): Promise<void>
  /** Resolves when it listens. */
  start(): Promise<void>
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export async function redisServer(): Promise<DataServer> {
  const port = await freePort()
  return await dataServer(port, (directory) => [
    ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
    ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
  ])
}

export async function etcdServer(): Promise<DataServer> {
  const port = await freePort()
  const peers = `http://127.0.0.1:${await freePort()}`
  const clients = `http://127.0.0.1:${port}`
  return await dataServer(port, (directory) => [
    ['etcd', '--data-dir', join(directory, 'data'), '--listen-client-urls', clients],
    ['--advertise-client-urls', clients, '--listen-peer-urls', peers],
    ['--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`],
  ])
}

/** It trusts whoever connects; its superuser is `postgres`. */
export async function postgresServer(): Promise<DataServer> {
  const port = await freePort()
  const versions = readdirSync('/usr/lib/postgresql').toSorted((a, b) => Number(b) - Number(a))
  const bin = (name: string): string => `/usr/lib/postgresql/${versions[0]}/bin/${name}`
  const prepare = async (directory: string): Promise<void> => {
    const command = [bin('initdb'), '-D', join(directory, 'data'), '-U', 'postgres', '-A', 'trust', '-N']
    const [code] = await once(startAs(directory, command), 'exit')
    if (code !== 0) throw new Error(`initdb ended with ${code}`)
  }
  const words = (directory: string): string[][] => [
    [bin('postgres'), '-D', join(directory, 'data'), '-p', String(port), '-k', directory],
    ['-c', 'listen_addresses=127.0.0.1', '-c', 'shared_buffers=16MB'],
  ]
  // It listens before it lets anybody in.
  const ready = [bin('pg_isready'), '-q', '-h', '127.0.0.1', '-p', String(port)]
  return await dataServer(port, words, prepare, async () => {
    const [code] = await once(startAs('/', ready), 'exit')
    return code === 0
  })
}

/** PostgreSQL refuses to run as root; the others do not mind another user. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

function startAs(directory: string, [program = '', ...args]: readonly string[]): ChildProcess {
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  // Of a Ctrl-C meant for the tests the one who started it takes care.
  return spawn(program, args, { cwd: directory, stdio: 'ignore', detached: true, ...user })
}

async function dataServer(
  port: number,
  words: (directory: string) => string[][],
  prepare: (directory: string) => Promise<void> = async () => {},
  isReady: () => Promise<boolean> = () => listens(port),
): Promise<DataServer> {
  const directory = mkdtempSync(join(tmpdir(), 'quarry-server-'))
  if (isRoot) chownSync(directory, NOBODY, NOBODY)
  let child: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    const dying = child
    child = undefined
    if (dying?.pid === undefined || dying.exitCode !== null) return
    const gone = once(dying, 'exit')
    // It leads a group, in which its workers are.
    process.kill(-dying.pid, 'SIGKILL')
    await gone
  }
  const start = async (): Promise<void> => {
    const starting = startAs(directory, words(directory).flat())
    child = starting
    while (!(await isReady())) {
      if (starting.exitCode !== null) throw new Error(`${starting.spawnfile} ended with ${starting.exitCode}`)
      await setTimeout(50)
    }
  }
  const server: DataServer = {
    port,
    address: `127.0.0.1:${port}`,
    kill,
    start,
    [Symbol.asyncDispose]: async () => {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
  try {
    await prepare(directory)
    await start()
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}
