/** The processes that a fault is for: those that the run started on nodes, by command line or by service. */
import { z } from 'zod'
import { EnvironmentError, UserError } from '../../base/errors.ts'
import type { ModuleContext } from '../../plugin/module.ts'
import { isConnectedTo, type FileView, type Node } from '../../plugin/node.ts'
import { selectionProperties, selectNodes } from '../../plugin/selection.ts'
import { pattern } from '../pattern.ts'
import { startTimeOf, stateOf } from '../tracing/process-stat.ts'

/** Properties for the schema of a fault of processes; `needsOneOf` says that one of the first two is given. */
export const processProperties = {
  ...selectionProperties('server'),
  match: pattern
    .optional()
    .describe('regular expression that is found in the command lines of the processes'),
  service: z
    .string()
    .regex(/^[\w.-]{1,50}$/)
    .optional()
    .describe('service of the manager `command`: its process and all that descend from it'),
  whole_host: z
    .boolean()
    .default(false)
    .describe('whether `match` also finds processes that the run did not start; never Quarry itself'),
}

export const needsOneOf = [
  ({ match, service }: { match?: string | undefined; service?: string | undefined }): boolean =>
    (match === undefined) !== (service === undefined),
  { error: 'needs either match or service' },
] as const

export type Processes = z.infer<z.ZodObject<typeof processProperties>>

/** A process that cannot be mistaken for a later one with the same id. */
export interface ChosenProcess {
  readonly node: Node
  readonly pid: number
  /** Field 22 of /proc/PID/stat. */
  readonly started: string
  readonly comm: string
}

/** Processes that are there now, in the order of nodes and pids; throws a UserError for nodes that are not there. */
export async function chosenProcesses(
  context: Pick<ModuleContext, 'group' | 'signal'>,
  given: Processes,
): Promise<readonly ChosenProcess[]> {
  const nodes = selectNodes((name) => context.group(name), given)
  const found = await Promise.all(
    nodes.map(async (node) => {
      const { service } = given
      const pids =
        service === undefined
          ? await matching(node, given, context.signal)
          : await serviceTree(node, service, context.signal)
      return pids.flatMap((pid): ChosenProcess[] => {
        const started = startTimeOf(node.files, pid)
        const state = stateOf(node.files, pid)
        if (started === undefined || state === 'Z' || state === 'X') return []
        return [{ node, pid, started, comm: node.files.text(`/proc/${pid}/comm`)?.trimEnd() ?? '' }]
      })
    }),
  )
  // Nodes of one host without networks of their own may show the same process.
  const once = new Map(
    found.flat().map((process) => [`${process.node.host} ${process.pid}`, process] as const),
  )
  return [...once.values()]
}

/** Throws a UserError that says what to look at when there are none. */
export function someOf(processes: readonly ChosenProcess[], given: Processes): readonly ChosenProcess[] {
  if (processes.length > 0) return processes
  const what =
    given.service === undefined
      ? `no process matches ${given.match}`
      : `service ${given.service} does not run`
  const hint = 'only what the run started counts, unless whole_host is set'
  throw new UserError(`${what} on the nodes that are selected`, {
    code: 'QUARRY_NO_PROCESS',
    remedy: given.service === undefined ? hint : 'name a service of the manager command that has `serve`',
  })
}

/** What operations say of them. */
export const inWords = (processes: readonly ChosenProcess[]): object[] =>
  processes.map(({ node, pid, comm }) => ({ node: node.name, pid, comm }))

/** Whether that very process still runs. */
export const stillRuns = ({ node, pid, started }: ChosenProcess): boolean =>
  startTimeOf(node.files, pid) === started && !['Z', 'X'].includes(stateOf(node.files, pid) ?? 'X')

/** Sends a signal, such as `KILL`, to that very process; false when it is gone or not ours to signal. */
export async function sendSignal(process: ChosenProcess, signal: string): Promise<boolean> {
  if (!stillRuns(process)) return false
  // Not with the signal of the module: an abort must not keep it from being healed.
  const { node, pid } = process
  return (await node.run(['sh', '-c', 'kill -s "$1" "$2"', 'sh', signal, String(pid)])).ok
}

/** Why a signal did not arrive at a process that still runs. */
export const notOurs = ({ node, pid, comm }: ChosenProcess): EnvironmentError =>
  new EnvironmentError(`${node.name}: ${comm} (${pid}) cannot be sent a signal`, {
    code: 'QUARRY_SIGNAL',
    remedy: 'run quarry as root or as the user of the process: sudo ./quarry ...',
  })

const numbersIn = (names: readonly string[]): number[] =>
  names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 0)

const parentOf = (files: FileView, pid: number): number =>
  Number(/^PPid:\s*(\d+)$/m.exec(files.text(`/proc/${pid}/status`) ?? '')?.[1] ?? 0)

/** A process, its parent, and so on. */
function ancestors(files: FileView, pid: number): number[] {
  const parent = parentOf(files, pid)
  return parent === 0 ? [pid] : [pid, ...ancestors(files, parent)]
}

async function matching(node: Node, given: Processes, signal: AbortSignal): Promise<number[]> {
  const { files } = node
  const wanted = new RegExp(given.match ?? '')
  const belongs = given.whole_host ? () => true : await membership(node, signal)
  // On another host the same pid is somebody else.
  const own = new Set(!isConnectedTo(node) ? ancestors(files, process.pid) : [])
  return numbersIn(files.list('/proc')).filter((pid) => {
    const words = (files.text(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
    return words !== '' && wanted.test(words) && !own.has(pid) && isOn(node, pid) && belongs(pid)
  })
}

/** Whether a process is in the network of the node, where it has one, and was not told that it is on another node. */
function isOn({ network, files, scratch }: Node, pid: number): boolean {
  if (network !== undefined) return files.link(`/proc/${pid}/ns/net`) === files.link('/proc/self/ns/net')
  const told = environmentOf(files, pid).find((word) => word.startsWith('QUARRY_SCRATCH='))
  return told === undefined || told === `QUARRY_SCRATCH=${scratch}`
}

const environmentOf = (files: FileView, pid: number): readonly string[] =>
  (files.text(`/proc/${pid}/environ`) ?? '').split('\0')

/** What tells the processes of the run: their environment, or, for those that overwrote it, the group they are in. */
async function membership(node: Node, signal: AbortSignal): Promise<(pid: number) => boolean> {
  const { stdout } = await node.run(['sh', '-c', 'echo "QUARRY_RUN=$QUARRY_RUN"; cat /proc/self/cgroup'], {
    signal,
  })
  const [mark = ''] = stdout.split('\n')
  const group = /^0::.*\/quarry-.*$/m.exec(stdout)?.[0]
  return (pid) =>
    environmentOf(node.files, pid).includes(mark) ||
    (group !== undefined && (node.files.text(`/proc/${pid}/cgroup`) ?? '').split('\n').includes(group))
}

/** The manager leaves the pid of a service, which leads a process group, in the scratch directory of its node. */
async function serviceTree(node: Node, service: string, signal: AbortSignal): Promise<number[]> {
  const { stdout } = await node.run(['cat', `${node.scratch}/.${service}.pid`], { signal })
  const leader = Number(stdout.trim() || 0)
  const { files } = node
  if (leader === 0) return []
  const belongs = await membership(node, signal)
  // Of a pid that was given to somebody else meanwhile nothing is ours.
  return numbersIn(files.list('/proc')).filter(
    (pid) => (pid === leader || ancestors(files, pid).includes(leader)) && belongs(pid),
  )
}
