/** An sshd of a test's own on loopback, with keys and configuration in a directory of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { descendantsOf } from '../../src/base/process-tree.ts'
import type { TestNetwork } from './test-network.ts'

/** sshd changes its root into it, and does not start without it; the boot of a real server makes it. */
const PRIVILEGE_SEPARATION = '/run/sshd'

export interface SshServer extends AsyncDisposable {
  readonly path: string
  readonly port: number
  /** A configuration for ssh in which every alias is this server. */
  readonly config: string
  /** Ends all connections, without a word to either side. */
  cut(): void
  /** Takes no more connections, and ends those that there are. */
  stop(): Promise<void>
  /** Takes connections again. */
  start(): Promise<void>
}

export interface SshServerOptions {
  /** Where logins look for programs. */
  readonly search?: string
  /** Where it runs, when that is not the network of this host. */
  readonly network?: TestNetwork
}

/** Servers that there are now, and whether the first one made the directory that they all need. */
let servers = 0
let made = false

/** Starts one with keys of its own, under all of these aliases. */
export async function sshServer(
  aliases: readonly string[],
  { search, network }: SshServerOptions = {},
): Promise<SshServer> {
  const address = network?.address ?? '127.0.0.1'
  const path = mkdtempSync(join(tmpdir(), 'quarry-test-sshd-'))
  if (servers === 0) made = !existsSync(PRIVILEGE_SEPARATION)
  servers += 1
  mkdirSync(PRIVILEGE_SEPARATION, { recursive: true })
  const file = (name: string): string => join(path, name)
  for (const key of ['host', 'user', 'stranger']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)])
  }
  writeFileSync(file('authorized_keys'), readFileSync(file('user.pub')))
  const port = await freePort()
  writeFileSync(
    file('sshd_config'),
    `Port ${port}
ListenAddress ${address}
HostKey ${file('host')}
PidFile none
AuthorizedKeysFile ${file('authorized_keys')}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
SetEnv HOME=${path}${search === undefined ? '' : ` PATH=${search}`}
`,
  )
  // Another home: the start-up files of whoever runs the tests are no part of them.
  const [kind = '', key = ''] = readFileSync(file('host.pub'), 'utf8').split(' ')
  writeFileSync(file('known_hosts'), `[${address}]:${port} ${kind} ${key}\n`)
  const config = file('ssh_config')
  for (const alias of aliases) {
    appendFileSync(
      config,
      `Host ${alias}
  HostName ${address}
  Port ${port}
  User ${userInfo().username}
  IdentityFile ${file('user')}
`,
    )
  }
  appendFileSync(
    config,
    `Host *
  IdentitiesOnly yes
  IdentityAgent none
  GlobalKnownHostsFile none
  UserKnownHostsFile ${file('known_hosts')}
  StrictHostKeyChecking yes
`,
  )
  const launch = async (): Promise<ChildProcess> => {
    const command = ['/usr/sbin/sshd', '-D', '-e', '-f', file('sshd_config')]
    const [program = '', ...args] = network === undefined ? command : [...network.enter, ...command]
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
    while (!log.includes('Server listening')) {
      if (child.exitCode !== null) throw new Error(`sshd did not start: ${log}`)
      await delay(10)
    }
    return child
  }
  let server = await launch()
  const cut = (): void => {
    // Only its own processes: what they have started is for Quarry to end.
    for (const { pid, parent } of descendantsOf(server.pid ?? 0)) {
      const isSshd = readOrEmpty(`/proc/${pid}/comm`) === 'sshd\n'
      if (isSshd && parent !== pid) kill(pid)
    }
  }
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    cut()
    server.kill('SIGKILL')
    await ended
  }
  return {
    path,
    port,
    config,
    cut,
    stop,
    start: async () => {
      server = await launch()
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      rmSync(path, { recursive: true, force: true })
      servers -= 1
      if (made && servers === 0) rmdirSync(PRIVILEGE_SEPARATION)
    },
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
