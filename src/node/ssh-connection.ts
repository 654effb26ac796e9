/**
 * One connection to a machine, which all commands share: an ssh that is the master of a socket in a private directory.
 * It is a child of this process; a sweep finds it, as every other, by its environment.
 */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../base/abort.ts'
import { EnvironmentError } from '../base/errors.ts'
import { runProcess, startProcess } from '../base/process.ts'
import type { SshDestination, UndoLedger } from '../plugin/undo.ts'
import { scriptLine, sshArguments, sshCommandLine } from './ssh-destination.ts'

/** sshd's MaxSessions is 10 unless somebody changed it; what goes beyond this takes a connection of its own. */
const MOST_SESSIONS = 8

/** Scripts of our own take moments, unless something hangs. */
const SCRIPT_MS = 60_000
/** The master answers for itself, and not for the other side. */
const CHECK_MS = 5000

export interface SshConnection extends AsyncDisposable {
  readonly host: SshDestination
  /** Private directory on this host, removed with the connection. */
  readonly directory: string
  /** Starts ssh with a command line for the login shell of the other side; throws what `lost` gives when it is lost. */
  open(line: string, stdio: StdioOptions): ChildProcess
  /** The same, over a connection of its own when this one is lost: the files of a host that is up again can be had. */
  openAnyway(line: string, stdio: StdioOptions): ChildProcess
  /** Runs a script of our own to its end; throws an EnvironmentError with `doing` when it fails. */
  script(script: string, doing: string, signal?: AbortSignal): Promise<string>
  /** Whether the other side still answers: waits for its answer, or for the connection to be given up. */
  isAlive(): Promise<boolean>
  /** The same at once, for whoever has seen a command end: whether that took the whole connection with it. */
  isAliveNow(): boolean
  /** Aborts when it is lost, with an EnvironmentError as the reason. It is never taken up again. */
  readonly gone: AbortSignal
  /** What to throw when it is. */
  lost(doing: string): EnvironmentError
  /** Ends it; what runs on the other side goes on. */
  leave(): Promise<void>
  readonly isLeft: boolean
}

export interface ConnectOptions {
  readonly run: string
  readonly ledger: UndoLedger
  readonly signal: AbortSignal
}

/** Connects; an EnvironmentError says what keeps ssh from it, and what to type. */
export async function connect(
  host: SshDestination,
  { run, ledger, signal }: ConnectOptions,
): Promise<SshConnection> {
  await using stack = new AsyncDisposableStack()
  const directory = join(tmpdir(), `quarry-ssh-${randomBytes(6).toString('hex')}`)
  stack.use(await ledger.record({ type: 'path', path: directory }))
  await mkdir(directory, { mode: 0o700 })
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const socket = join(directory, 'master')
  const masterOptions = ['ControlMaster=yes', 'ControlPersist=no', `ControlPath=${socket}`]
  const master = await startProcess(['ssh', '-N', ...sshArguments(host, masterOptions)], {
    env: { QUARRY_RUN: run },
    maxBytes: 1 << 16,
    graceMs: 1000,
  }).catch((error: unknown) => {
    if (!(error instanceof EnvironmentError) || error.code !== 'QUARRY_NOT_FOUND') throw error
    throw new EnvironmentError('ssh is not installed on this host', {
      code: 'QUARRY_NO_SSH',
      remedy: 'apt-get install -y openssh-client',
    })
  })
  stack.use(master)
  let ended: string | undefined
  let isOpen = true
  const gone = new AbortController()
  const lostWhile = (doing: string): EnvironmentError =>
    new EnvironmentError(`lost the connection to ${host.destination}${doing}${because(ended)}`, {
      code: 'QUARRY_SSH_LOST',
      remedy: `see whether the host is up: ${sshCommandLine(host)} uptime`,
    })
  const giveUp = (): void => {
    if (isOpen) gone.abort(lostWhile(''))
  }
  const mastersEnd = master.done.then(({ stderr }) => {
    ended = stderr
    giveUp()
  })
  while (!existsSync(socket)) {
    if (ended !== undefined) throw refused(host, ended)
    await sleep(10, signal)
  }
  stack.defer(() => {
    isOpen = false
  })

  const shared = sshArguments(host, ['ControlMaster=no', `ControlPath=${socket}`, 'LogLevel=ERROR'])
  const single = sshArguments(host, ['ControlMaster=no', 'ControlPath=none', 'LogLevel=ERROR'])
  let sessions = 0
  const openAnyway = (line: string, stdio: StdioOptions): ChildProcess => {
    const isShared = sessions < MOST_SESSIONS && !gone.signal.aborted
    if (isShared) sessions += 1
    const child = spawn('ssh', [...(isShared ? shared : single), line], {
      stdio,
      detached: true,
      env: { ...process.env, QUARRY_RUN: run },
    })
    const closed = (): void => void (sessions -= isShared ? 1 : 0)
    child.once('exit', closed)
    // How it ended is told by its exit; one that cannot be started at all has none.
    child.once('error', () => child.pid === undefined && closed())
    return child
  }
  const lost = (doing: string): EnvironmentError => lostWhile(` while ${doing}`)
  const open = (line: string, stdio: StdioOptions): ChildProcess => {
    // A new one would run what nobody watches over any more.
    if (gone.signal.aborted || !isOpen) throw lost('starting a command')
    return openAnyway(line, stdio)
  }
  const [first = '', ...others] = shared
  const check = ['ssh', '-O', 'check', first, ...others]
  const isAlive = async (): Promise<boolean> => {
    if (gone.signal.aborted) return false
    // Whatever comes of it: where nobody answers, it takes as long as the master takes to give up.
    await runProcess(['ssh', ...shared, 'true'], { env: { QUARRY_RUN: run }, timeoutMs: SCRIPT_MS })
    const { ok } = await runProcess(check, { timeoutMs: CHECK_MS })
    // Then its own last words are known, too.
    if (!ok) {
      await master.stop()
      await mastersEnd
    }
    return !gone.signal.aborted
  }
  const isAliveNow = (): boolean => {
    const [program = '', ...words] = check
    return spawnSync(program, words, { stdio: 'ignore', timeout: CHECK_MS }).status === 0
  }
  const script = async (text: string, doing: string, during?: AbortSignal): Promise<string> => {
    if (gone.signal.aborted || !isOpen) throw lost(doing)
    const result = await runProcess(['ssh', ...shared, scriptLine(text)], {
      env: { QUARRY_RUN: run },
      timeoutMs: SCRIPT_MS,
      ...(during === undefined ? {} : { signal: during }),
    })
    if (result.ok) return result.stdout
    if (result.exitCode === 255 && !(await isAlive())) throw lost(doing)
    const late = result.timedOut
      ? 'no end after a minute; do the start-up files of its shell wait for something?'
      : ''
    const why = late || result.stderr.trim() || `status ${result.exitCode ?? result.signal}`
    throw new EnvironmentError(`could not do this on ${host.destination}: ${doing}: ${why}`, {
      code: 'QUARRY_SSH_FAILED',
    })
  }
  const owned = stack.move()
  let isLeft = false
  const connection: SshConnection = {
    host,
    directory,
    open,
    openAnyway,
    script,
    isAlive,
    isAliveNow,
    gone: gone.signal,
    lost,
    leave: () => {
      isLeft = true
      return owned.disposeAsync()
    },
    get isLeft() {
      return isLeft
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
  try {
    const greeting = await script('echo ready', 'looking at its shell', signal)
    if (greeting !== 'ready\n') throw talkative(host, greeting)
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
  return connection
}

const because = (stderr: string | undefined): string => {
  const last = stderr?.trim().split('\n').at(-1)
  return last === undefined || last === '' ? '' : `: ${last.trim()}`
}

const talkative = ({ destination }: SshDestination, text: string): EnvironmentError =>
  new EnvironmentError(
    `the login shell of ${destination} prints ${JSON.stringify(text.slice(0, 60))} where only the output of a command belongs`,
    {
      code: 'QUARRY_SSH_SHELL',
      remedy: 'let its start-up files, such as ~/.bashrc, print only in interactive shells',
    },
  )

/** What ssh says when it cannot connect, and what to do about it. */
function refused(host: SshDestination, stderr: string): EnvironmentError {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const said = lines.filter((line) => !line.startsWith('@')).slice(-3)
  const why = said.length === 0 ? 'ssh ended without a word' : said.join('; ')
  const [code, remedy] = remedies.find(([, pattern]) => pattern.test(stderr))?.slice(2) ?? []
  return new EnvironmentError(`cannot connect to ${host.destination}: ${why}`, {
    code: String(code ?? 'QUARRY_SSH'),
    remedy: String(remedy ?? 'try it by hand: COMMAND').replace('COMMAND', `${sshCommandLine(host)} true`),
  })
}

/** By what ssh said; COMMAND stands for the ssh command to try by hand. */
const remedies: readonly (readonly [what: string, pattern: RegExp, code: string, remedy: string])[] = [
  [
    'changed key',
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'QUARRY_SSH_HOST_KEY',
    'if the host was set up anew, remove its old key from known_hosts with ssh-keygen -R, then: COMMAND',
  ],
  [
    'unknown key',
    /Host key verification failed|No \S+ host key is known/,
    'QUARRY_SSH_HOST_KEY',
    'connect once by hand, and accept its host key if it is the right one: COMMAND; or strict_host_key_checking: accept-new',
  ],
  [
    'wrong key',
    /Permission denied|Too many authentication failures/,
    'QUARRY_SSH_DENIED',
    'use a key that the host knows, through ssh-agent or the property identity; to bring one there: ssh-copy-id; then try COMMAND',
  ],
  [
    'unknown host',
    /Could not resolve hostname/,
    'QUARRY_SSH_UNKNOWN_HOST',
    'check the name, in DNS and in ~/.ssh/config: COMMAND',
  ],
  [
    'no server',
    /Connection refused|timed out|No route to host|Network is unreachable/,
    'QUARRY_SSH_UNREACHABLE',
    'is the host up, does sshd listen there, is the port right? COMMAND',
  ],
  [
    'bad identity',
    /Identity file .* not accessible/,
    'QUARRY_SSH_IDENTITY',
    'name a file that exists: COMMAND',
  ],
]
