/** A guest as a node, through its agent and never through its network. */
import { posix } from 'node:path'
import { EnvironmentError } from '../../base/errors.ts'
import { clockOffset } from '../../node/agent-clock.ts'
import { openAgent } from '../../node/agent-channel.ts'
import { agentFiles } from '../../node/agent-files.ts'
import type { GuestMachine, Node, NodeNetwork } from '../../plugin/node.ts'
import { bulkDisk } from './bulk.ts'
import { startInGuest, type StartInGuest } from './command.ts'
import type { GuestConnection } from './connection.ts'
import { guestFiles } from './files.ts'
import { bringFromGuest, sendToGuest } from './transfer.ts'

export interface GuestNodeOptions {
  /** Every process that is started in the guest carries it as QUARRY_RUN: faults are for those of the run. */
  readonly run: string
  readonly group: string
  readonly ordinal: number
  readonly guest: GuestConnection
  /** The file behind its disk for what is large. */
  readonly bulkPath: string
  /** Of the chardev of the port `quarry.files`. */
  readonly filesPath: string
  readonly address: string
  readonly network?: NodeNetwork
  readonly machine: GuestMachine
}

/** Directories that the agent made, in the memory of the guest. */
const SCRATCH = '/quarry/scratch'
const ARTIFACTS = '/quarry/artifacts'

/** Disposing closes what it reads files by; the connection is its owner's. */
export async function guestNode(options: GuestNodeOptions): Promise<Node & AsyncDisposable> {
  const { run, group, ordinal, guest, filesPath, bulkPath, address, network, machine } = options
  const name = `${group}/${ordinal}`
  const agent = openAgent(guestFiles(filesPath, guest, name))
  const files = agentFiles(agent)

  const start: StartInGuest = async (command, given = {}) => {
    const running = await startInGuest(guest, command, {
      cwd: SCRATCH,
      ...given,
      env: { ...given.env, QUARRY_RUN: run },
    })
    files.forget()
    void running.done.then(() => files.forget())
    return running
  }
  const disk = await bulkDisk(bulkPath, start)
  const ways = { start, disk }
  const runToEnd = async (...given: Parameters<typeof start>): ReturnType<Node['run']> => {
    const running = await start(...given)
    try {
      return await running.result
    } finally {
      // What it left in the background goes on.
      running.close()
    }
  }
  const must = (ok: boolean, what: string, stderr: string): void => {
    if (ok) return
    throw new EnvironmentError(`cannot ${what} on ${name}: ${stderr.trim()}`, { code: 'QUARRY_REMOTE_FILE' })
  }

  return {
    name,
    group,
    ordinal,
    host: `guest ${name}`,
    clockOffsetNs: clockOffset(agent),
    address,
    ...(network === undefined ? {} : { network }),
    scratch: SCRATCH,
    artifacts: ARTIFACTS,
    run: runToEnd,
    spawn: start,
    readFile: async (path) => {
      const running = await start(['cat', '--', path])
      const chunks: Uint8Array[] = []
      for await (const chunk of running.stdout) chunks.push(chunk)
      const { ok, stderr } = await running.result
      running.close()
      must(ok, `read ${path}`, stderr)
      return Buffer.concat(chunks)
    },
    writeFile: async (path, content) => {
      const write = 'mkdir -p -- "$(dirname -- "$1")" && cat >"$1"'
      const command = ['sh', '-c', write, 'sh', posix.resolve(SCRATCH, path)]
      const { ok, stderr } = await runToEnd(command, { input: content })
      must(ok, `write ${path}`, stderr)
    },
    upload: (from, to, signal) => sendToGuest(ways, from, posix.resolve(SCRATCH, to), signal),
    download: async (from, to, signal) => {
      await bringFromGuest(ways, posix.resolve(SCRATCH, from), to, signal)
    },
    files,
    lost: guest.lost,
    machine,
    isTransient: true,
    [Symbol.asyncDispose]: async () => {
      agent[Symbol.dispose]()
      await disk[Symbol.asyncDispose]()
    },
  }
}
