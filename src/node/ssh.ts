/** A node on a machine that the system's ssh reaches. */
import { lookup } from 'node:dns/promises'
import { readFileSync, readlinkSync } from 'node:fs'
import { posix } from 'node:path'
import { abortReason } from '../base/abort.ts'
import { EnvironmentError } from '../base/errors.ts'
import { runProcess } from '../base/process.ts'
import type { CommandOptions, Node } from '../plugin/node.ts'
import type { RecordedEffect, SshDestination, UndoLedger } from '../plugin/undo.ts'
import { openAgent } from './agent-channel.ts'
import { clockOffset } from './agent-clock.ts'
import { agentFiles } from './agent-files.ts'
import { perlAgent, shellAgent } from './agent-scripts.ts'
import { sshAgent } from './ssh-agent.ts'
import { startRemote } from './ssh-command.ts'
import type { RemoteCommand, RemoteOptions } from './ssh-command.ts'
import { connect, type SshConnection } from './ssh-connection.ts'
import { scriptLine, sshArguments } from './ssh-destination.ts'
import { findScript, LEAVE, makeScript, shellWord, watchScript } from './ssh-scripts.ts'
import { bringFrom, sendTo } from './ssh-transfer.ts'

export interface SshNodeOptions {
  readonly host: SshDestination
  /** Marks what runs there, and where its directories are recorded. */
  readonly run: string
  readonly ledger: UndoLedger
  readonly signal: AbortSignal
  /** The same for the connection, where the node may outlive that. */
  readonly inRun?: { readonly id: string; readonly ledger: UndoLedger }
  readonly group: string
  readonly ordinal: number
  /** Directory on the node that does not exist yet: `/tmp/quarry-<run>-...`. It is removed with the node. */
  readonly directory: string
  /** Whether the directories are there all the same: the node was left by an earlier run. */
  readonly isLeft?: boolean
  /** Another directory for the artifacts, `quarry-<run>-...`, removed as well; inside the directory when left out. */
  readonly artifacts?: string
  /** What the other nodes reach it by; the host name of the ssh configuration, resolved, when left out. */
  readonly address?: string
}

/** How often the other side hears that this one lives, in ms. */
const BEAT_MS = 15_000

/** Disposing ends all that runs there and removes its directories; those of one that was left are for its ledger to undo. */
export interface SshNode extends Node, AsyncDisposable {
  /** Ends the connection, and nothing else; throws an EnvironmentError when it was lost. */
  leave(): Promise<void>
}

/** Connects to it and makes its directories, or finds them again; throws an EnvironmentError when they are gone. */
export async function sshNode(options: SshNodeOptions): Promise<SshNode> {
  const {
    host,
    group,
    ordinal,
    directory,
    run,
    inRun = { id: run, ledger: options.ledger },
    signal,
  } = options
  const scratch = `${directory}/scratch`
  const artifacts = options.artifacts ?? `${directory}/artifacts`
  const name = `${group}/${ordinal}`
  await using stack = new AsyncDisposableStack()
  const connection = stack.use(await connect(host, { run: inRun.id, ledger: inRun.ledger, signal }))
  if (options.isLeft === true) {
    await connection.script(findScript(directory, artifacts), 'finding a kept node again', signal)
  } else {
    stack.use(await makeDirectories(connection, options, artifacts))
  }
  const marks = { QUARRY_RUN: run, QUARRY_NODE: directory }
  // One that was left did without.
  const watcher = options.isLeft === true ? undefined : stack.use(watch(connection, directory, marks))

  const hasPerl = (await connection.script('command -v perl || :', 'looking for perl', signal)) !== ''
  const agentScript = hasPerl ? `exec perl -e ${shellWord(perlAgent)}` : shellAgent(`${directory}/agent`)
  const agent = stack.use(openAgent(sshAgent(connection, agentScript, name.replaceAll('/', '-'), marks)))
  const files = agentFiles(agent)
  const clockOffsetNs = clockOffset(agent)

  const start = async (
    command: readonly string[],
    given: Omit<CommandOptions, 'input'> & Pick<RemoteOptions, 'input'> = {},
  ): Promise<RemoteCommand> => {
    const running = await startRemote(connection, command, { cwd: scratch, ...given, marks })
    files.forget()
    void running.done.then(() => files.forget())
    return running
  }
  const runToEnd = async (...given: Parameters<typeof start>): ReturnType<Node['run']> =>
    await (
      await start(...given)
    ).result
  const must = async (
    command: readonly string[],
    what: string,
    input?: string | Uint8Array,
  ): Promise<void> => {
    const result = await runToEnd(command, input === undefined ? {} : { input })
    if (result.ok) return
    throw new EnvironmentError(`cannot ${what} on ${name}: ${result.stderr.trim()}`, {
      code: 'QUARRY_REMOTE_FILE',
    })
  }

  const node: Node = {
    name,
    group,
    ordinal,
    host: machineOf(await connection.script(MACHINE, 'asking which machine it is', signal)),
    clockOffsetNs,
    address: options.address ?? (await addressOf(host)),
    scratch,
    artifacts,
    run: runToEnd,
    spawn: start,
    readFile: async (path) => {
      const running = await start(['cat', '--', path])
      const chunks: Uint8Array[] = []
      for await (const chunk of running.stdout) chunks.push(chunk)
      const { ok, stderr } = await running.result
      if (ok) return Buffer.concat(chunks)
      throw new EnvironmentError(`cannot read ${path} on ${name}: ${stderr.trim()}`, {
        code: 'QUARRY_REMOTE_FILE',
      })
    },
    writeFile: async (path, content) => {
      const write = 'mkdir -p -- "$(dirname -- "$1")" && cat >"$1"'
      await must(['sh', '-c', write, 'sh', posix.resolve(scratch, path)], `write ${path}`, content)
    },
    upload: (from, to, during) => sendTo(connection, from, posix.resolve(scratch, to), marks, during),
    download: async (from, to, during) => {
      await bringFrom(connection, posix.resolve(scratch, from), to, marks, during)
    },
    files,
    remote: host,
    lost: connection.gone,
  }
  const owned = stack.move()
  return {
    ...node,
    leave: async () => {
      if (connection.gone.aborted) throw abortReason(connection.gone)
      await watcher?.leave()
      await connection.leave()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Disposing removes them, and ends what runs on the node. */
async function makeDirectories(
  connection: SshConnection,
  { host, directory, ledger, signal, artifacts: apart }: SshNodeOptions,
  artifacts: string,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const effects: RecordedEffect[] = []
  for (const path of apart === undefined ? [directory] : [directory, apart]) {
    const effect = await ledger.record({ type: 'remote', host, effect: { type: 'path', path } })
    effects.push(effect)
    // Where nobody answers any more it is tried once, by the ledger at its end, and not twice.
    stack.defer(async () => {
      if (!connection.gone.aborted) await effect[Symbol.asyncDispose]()
    })
  }
  await connection
    .script(makeScript(directory, artifacts), `making ${directory}`, signal)
    .catch((error: unknown) => {
      // Nobody else's directory is ever removed.
      for (const effect of effects) effect.forget()
      throw error
    })
  return stack.move()
}

const MACHINE = 'cat /proc/sys/kernel/random/boot_id; readlink /proc/self/ns/pid'

/** The same for two destinations that are one machine: its boot, and the processes that can be seen. */
function machineOf(text: string): string {
  const here = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/pid')}\n`
  return text === here ? 'localhost' : text.trim().replace('\n', ' ')
}

/** The host name that ssh connects to, by the user's configuration, as an address. */
async function addressOf(host: SshDestination): Promise<string> {
  const { stdout } = await runProcess(['ssh', '-G', ...sshArguments(host)])
  const name = /^hostname (.+)$/m.exec(stdout)?.[1] ?? host.destination
  return await lookup(name).then(
    ({ address }) => address,
    // Behind a jump host a name may mean something only there.
    () => name,
  )
}

/** Tells the other side every few seconds that this one lives; once it does not, and has not left, everything there is killed. */
function watch(
  connection: SshConnection,
  directory: string,
  marks: Readonly<Record<string, string>>,
): AsyncDisposable & { leave(): Promise<void> } {
  const child = connection.open(scriptLine(watchScript(directory), marks), ['pipe', 'ignore', 'ignore'])
  child.stdin?.on('error', () => {})
  const timer = setInterval(() => child.stdin?.write('\n'), BEAT_MS)
  timer.unref()
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  return {
    leave: async () => {
      clearInterval(timer)
      child.stdin?.end(`${LEAVE}\n`)
      if ((await ended) !== 0) throw connection.lost('leaving it')
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      child.stdin?.end()
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
    },
  }
}
