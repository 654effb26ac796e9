/**
 * Whom to look at: the processes behind the probes of a symptom, those that its labels name, and those that the
 * definition names. Found by reading procfs alone.
 */
import { UserError } from '../base/errors.ts'
import type { EvidenceSpec } from '../model/definition.ts'
import type { ProbeRecord, ProbeSubject, SymptomRecord, Target } from '../model/run.ts'
import type { FileView, Node } from '../plugin/node.ts'
import { PROGRAM as PROBER } from './prober/prober.ts'

export interface TargetQuestion {
  readonly probes: readonly ProbeRecord[]
  /** Label sets that satisfied the symptom. */
  readonly series: SymptomRecord['series']
  readonly targets: EvidenceSpec['targets']
}

/**
 * The processes on a node that a question points at, without doubles; Quarry's own process is never one. `networks` are
 * the nodes of the same host that have a network of their own: what a probe tries may be there.
 */
export function findTargets(node: Node, question: TargetQuestion, networks: readonly Node[] = []): Target[] {
  const reasons = new Map<number, string[]>()
  // On another machine our own id is somebody else's.
  const own = node.host === 'localhost' ? process.pid : undefined
  const add = (pid: number, why: string): void => {
    if (pid !== own) reasons.set(pid, [...(reasons.get(pid) ?? []), why])
  }
  const { files } = node
  const sockets = question.probes.flatMap(({ name, subject, from }) =>
    viewsFor(subject, from, node, networks)
      .flatMap((view) => inodesOf(view, subject))
      .map((inode) => [inode, `serves what probe ${name} tries`] as const),
  )
  for (const [pid, why] of ownersOf(files, new Map(sockets))) add(pid, why)
  for (const { labels } of question.series) {
    const pid = Number(labels['pid'])
    if (Number.isInteger(pid) && pid > 0) add(pid, 'is named by the symptom')
  }
  for (const wanted of question.targets) {
    if (typeof wanted === 'number') add(wanted, 'is named in the definition')
    else for (const pid of matching(files, new RegExp(wanted), own)) add(pid, `matches ${wanted}`)
  }
  return [...reasons].flatMap(([pid, why]) => {
    const comm = files.text(`/proc/${pid}/comm`)?.trimEnd()
    if (comm === undefined) return []
    const home = networks.find((one) => livesIn(one, pid))
    return [
      {
        node: node.name,
        pid,
        comm,
        commandLine: commandLineOf(files, pid),
        why: [...new Set(why)].join('; '),
        ...(home === undefined ? {} : { network: home.name }),
      },
    ]
  })
}

/** Whoever names processes wants to look at them: without them there is nothing to see, and a UserError says so. */
export function checkTargets(nodes: readonly Node[], targets: TargetQuestion['targets']): void {
  for (const target of targets) {
    const question = { probes: [], series: [], targets: [target] }
    if (nodes.some((node) => findTargets(node, question).length > 0)) continue
    const what = typeof target === 'number' ? `there is no process ${target}` : `no process matches ${target}`
    throw new UserError(what, { code: 'QUARRY_NO_TARGET', remedy: 'see `ps -e -o pid,args`' })
  }
}

const pidsOf = (files: FileView): number[] =>
  files
    .list('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0)

const commandLineOf = (files: FileView, pid: number): string =>
  (files.text(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()

/**
 * The words that Quarry was started with are also in the command lines of `sudo`, shells and the like above it. What tries
 * probes for it is no part of the system either.
 */
function matching(files: FileView, pattern: RegExp, own: number | undefined): number[] {
  const above = own === undefined ? [] : ancestors(files, own)
  return pidsOf(files).filter((pid) => {
    const line = commandLineOf(files, pid)
    return !above.includes(pid) && !line.includes(PROBER) && pattern.test(line)
  })
}

/** A process, its parent, and so on. */
function ancestors(files: FileView, pid: number): number[] {
  const parent = /^PPid:\s*(\d+)$/m.exec(files.text(`/proc/${pid}/status`) ?? '')?.[1]
  return parent === undefined || parent === '0' ? [pid] : [pid, ...ancestors(files, Number(parent))]
}

/** Whether a process is in the network that a node has for itself. */
export function livesIn({ network, files }: Node, pid: number): boolean {
  return network !== undefined && files.link(`/proc/${pid}/ns/net`) === files.link('/proc/self/ns/net')
}

/**
 * The networks in which to look for a socket: that of the node which has its address, that of the node which tries it
 * where the address is loopback, or that of the host.
 */
function viewsFor(
  subject: ProbeSubject,
  from: ProbeRecord['from'],
  node: Node,
  networks: readonly Node[],
): readonly FileView[] {
  const isOnHost = node.network?.switch.host === node.host
  const host = isOnHost ? node.network.switch.files : node.files
  if (subject.type !== 'socket') return []
  // The path of a Unix socket says nothing of the network that the kernel counts it to.
  if (subject.protocol === 'unix') return [host, ...networks.map(({ files }) => files)]
  const name = subject.address.slice(0, subject.address.lastIndexOf(':'))
  const isLoopback = /^(127\..*|localhost|\[::1\])$/.test(name)
  const addressed = networks.filter((one) => (isLoopback ? one.name === from : one.address === name))
  return addressed.length > 0 ? addressed.map(({ files }) => files) : [host]
}

/** Inodes of the sockets that serve a probe's address: listeners for streams, bound sockets for datagrams. */
function inodesOf(files: FileView, subject: ProbeSubject): string[] {
  if (subject.type !== 'socket') return []
  const { protocol, address } = subject
  if (protocol === 'unix') {
    // Num RefCount Protocol Flags Type St Inode Path; flag 10000 is "accepts connections".
    return rows(files, '/proc/net/unix').flatMap(([, , , flags, , , inode, path]) =>
      path === address && inode !== undefined && flags === '00010000' ? [inode] : [],
    )
  }
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  // sl local remote st queues tr retrnsmt uid timeout inode; state 0A is LISTEN.
  return [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].flatMap((file) =>
    rows(files, file).flatMap(([, local = '', , state, , , , , , inode]) =>
      Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port &&
      inode !== undefined &&
      (protocol === 'udp' || state === '0A')
        ? [inode]
        : [],
    ),
  )
}

const rows = (files: FileView, path: string): string[][] =>
  (files.text(path) ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))

/** Processes that hold one of the sockets, each with the reason given for it. */
function ownersOf(files: FileView, reasons: ReadonlyMap<string, string>): [pid: number, why: string][] {
  if (reasons.size === 0) return []
  return pidsOf(files).flatMap((pid) =>
    files.list(`/proc/${pid}/fd`).flatMap((fd): [number, string][] => {
      const inode = /^socket:\[(\d+)\]$/.exec(files.link(`/proc/${pid}/fd/${fd}`) ?? '')?.[1]
      const why = inode === undefined ? undefined : reasons.get(inode)
      return why === undefined ? [] : [[pid, why]]
    }),
  )
}
