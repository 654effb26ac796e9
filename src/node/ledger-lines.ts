/** The lines of an undo ledger: who owns the run, its effects, and which of them are undone. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { z } from 'zod'
import { EnvironmentError } from '../base/errors.ts'
import { isAlive, processStat } from '../base/process-tree.ts'

const path = z.string().startsWith('/')
const localEffect = z.discriminatedUnion('type', [
  z.object({ type: z.literal('path'), path }),
  z.object({ type: z.literal('mount'), path }),
  z.object({ type: z.literal('restore'), path, content: z.string() }),
  z.object({ type: z.literal('stopped'), pid: z.int().positive(), started: z.string() }),
  z.object({ type: z.literal('processes'), run: z.string().min(1), cgroup: path.exactOptional() }),
  z.object({ type: z.literal('link'), name: z.string() }),
  z.object({ type: z.literal('filler'), path }),
  z.object({ type: z.literal('control-group'), path, from: path }),
  z.object({ type: z.literal('clock'), path }),
  z.object({ type: z.literal('tracefs-instance'), path }),
  z.object({
    type: z.literal('kubernetes-objects'),
    kubeconfig: path,
    manifest: path,
    namespace: z.string().exactOptional(),
  }),
  z.object({ type: z.literal('kubernetes-state'), kubeconfig: path, manifest: path }),
  z.object({
    type: z.literal('helm-release'),
    kubeconfig: path,
    release: z.string(),
    namespace: z.string().exactOptional(),
  }),
  z.object({ type: z.literal('kind-cluster'), kubeconfig: path, cluster: z.string() }),
])
/** A machine as OpenSSH understands it. */
export const sshDestination = z.object({
  destination: z.string(),
  port: z.int().positive().exactOptional(),
  user: z.string().exactOptional(),
  identity: path.exactOptional(),
  config: path.exactOptional(),
  strictHostKeyChecking: z.enum(['yes', 'no', 'accept-new']).exactOptional(),
})
const effect = z.union([
  localEffect,
  z.object({ type: z.literal('remote'), host: sshDestination, effect: localEffect }),
])
const owner = z.object({
  run: z.string().min(1),
  pid: z.int().positive(),
  started: z.string(),
  host: z.string().exactOptional(),
  boot: z.string().exactOptional(),
  /** What /proc/self/ns/pid links to: process ids mean nothing outside it. */
  pidNamespace: z.string().exactOptional(),
})
const line = z.union([owner, z.object({ id: z.int(), effect }), z.object({ undone: z.int() })])

export type Owner = z.infer<typeof owner>
export type Line = z.infer<typeof line>

/** The lines of a ledger; torn and foreign ones are left out. Throws as `readOwnFile` does. */
export function readLines(file: string): Line[] {
  return readOwnFile(file)
    .split('\n')
    .map(parseLine)
    .filter((one) => one !== undefined)
}

/** Reads a file that this user wrote into a directory of this user; throws an EnvironmentError for any other. */
function readOwnFile(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(descriptor)
    const user = process.geteuid?.()
    // Whoever may write it has this user delete files and kill processes.
    if (!stat.isFile() || stat.uid !== user || lstatSync(dirname(file)).uid !== user) {
      throw new EnvironmentError(`${file} or its directory is not this user's, and is not obeyed`, {
        code: 'QUARRY_FOREIGN_LEDGER',
        remedy: 'sweep as the user who started the run',
      })
    }
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

function parseLine(text: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
const pidNamespace = (): string => readlinkSync('/proc/self/ns/pid')

/** This process as the owner of a run. */
export function ownerOf(run: string): Owner {
  const started = processStat(process.pid)?.started ?? ''
  return { run, pid: process.pid, started, host: hostname(), boot: bootId(), pidNamespace: pidNamespace() }
}

/** Whether the owner runs, or must be taken to run since it cannot be seen from here; `reason` says so then. */
export function aliveness(one: Owner): { readonly alive: boolean; readonly reason?: string } {
  if (one.boot !== undefined && one.boot !== bootId()) {
    // The boot ends all processes of a machine. Of another machine nothing is known here.
    if (one.host === undefined || one.host === hostname()) return { alive: false }
    return { alive: true, reason: `it belongs to host ${one.host}; sweep there` }
  }
  if (one.pidNamespace !== undefined && one.pidNamespace !== pidNamespace()) {
    return { alive: true, reason: `it belongs to another container (${one.pidNamespace}); sweep there` }
  }
  return { alive: isAlive(one) }
}
