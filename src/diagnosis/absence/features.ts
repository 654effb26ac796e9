/**
 * What the server side of a probe is made of, as features, and the one that all dead probes have and no living one has.
 *
 * A one-level decision rule (Holte, Very simple classification rules, Machine Learning 11, 1993) over structure instead of
 * numbers: process, socket, the thread that waits and by what it waits. Among features that separate perfectly the one
 * nearest to the mechanism is told: a wait explains more than an address family that happens to differ too.
 */
import type { Case } from '../case/case.ts'
import { socketStates, type SocketState } from '../case/sockets.ts'
import { mechanismOf, waitingThreads, watches, type WaitingThread, type Watch } from '../case/waiting.ts'
import { plain, threadName } from '../statement/format.ts'
import type { Outcome } from './outcomes.ts'

export interface Feature {
  /** Smaller is nearer to the mechanism. */
  readonly depth: number
  /** Completes `they are ...`. */
  readonly text: string
  readonly about: readonly string[]
  readonly subject: {
    readonly pid?: number
    readonly tid?: number
    readonly comm?: string
    readonly call?: string
  }
}

const DEPTHS = [
  'epoll-thread',
  'epoll',
  'thread',
  'wait',
  'process',
  'protocol',
  'family',
  'kind',
  'group',
] as const

/** What a search for features looks up. */
export interface Servers {
  readonly sockets: readonly SocketState[]
  readonly threads: readonly WaitingThread[]
  readonly watches: readonly Watch[]
  readonly sameHost: Case['sameHost']
}

export const findServers = async (the: Case): Promise<Servers> => ({
  sockets: await socketStates(the),
  threads: await waitingThreads(the),
  watches: await watches(the),
  sameHost: (one, other) => the.sameHost(one, other),
})

/** Features of one probe, by name. */
export function featuresOf({ probe }: Outcome, servers: Servers): Map<string, Feature> {
  const features = new Map<string, Feature>()
  const add = (
    kind: (typeof DEPTHS)[number],
    value: string,
    text: string,
    about: readonly string[] = [],
    subject: Feature['subject'] = {},
  ): void => {
    features.set(`${kind} ${value}`, { depth: DEPTHS.indexOf(kind), text, about, subject })
  }
  add('kind', probe.kind, `probes of kind ${probe.kind}`)
  add('group', probe.group, `tried from group ${probe.group}`)
  if (probe.subject.type !== 'socket') return features
  const { protocol } = probe.subject
  add('family', protocol === 'unix' ? 'unix' : 'inet', protocol === 'unix' ? 'Unix sockets' : 'over IP')
  add(
    'protocol',
    protocol === 'udp' ? 'datagram' : 'stream',
    protocol === 'udp' ? 'datagrams' : 'stream connections',
  )
  const { address } = probe.subject
  for (const socket of servers.sockets.filter((one) => serves(one, protocol, address))) {
    const process = { pid: socket.pid, comm: socket.comm }
    add(
      'process',
      `${socket.node} ${socket.pid}`,
      `served by ${plain(socket.comm)} (pid ${socket.pid})`,
      [`comm:${socket.comm}`],
      process,
    )
    const own = (one: { node: string; pid: number }): boolean =>
      one.pid === socket.pid && servers.sameHost(one.node, socket.node)
    for (const watch of servers.watches.filter((one) => own(one) && one.fd === socket.fd))
      add(
        'epoll',
        `${socket.pid} ${watch.epoll}`,
        `served through epoll instance fd ${watch.epoll} of ${plain(socket.comm)} (pid ${socket.pid})`,
        [`comm:${socket.comm}`],
        process,
      )
    for (const thread of servers.threads.filter(own)) {
      const mechanism = mechanismOf(thread, socket.fd, servers.watches)
      if (mechanism === null) continue
      const about = [`thread:${thread.tid}`, `comm:${socket.comm}`, `call:${thread.call}`]
      const subject = { ...process, tid: thread.tid, call: thread.call }
      const who = threadName(thread.tid, thread.comm, socket.comm)
      if (mechanism.type === 'epoll') {
        const edge = mechanism.edge ? ', edge-triggered' : ''
        const text = `served through epoll instance fd ${mechanism.epoll} of ${who}, which sits in ${mechanism.call}${edge}`
        add('epoll-thread', `${socket.pid} ${mechanism.epoll} ${thread.tid}`, text, about, subject)
      }
      add(
        'thread',
        `${socket.pid} ${thread.tid}`,
        `served by ${who}, which sits in ${mechanism.call}`,
        about,
        subject,
      )
      add('wait', mechanism.call, `waited for in ${mechanism.call}`, about, { call: mechanism.call })
    }
  }
  return features
}

/** The feature nearest to the mechanism that all of `dead` have and none of `live`; undefined when there is none. */
export function separating(
  dead: readonly ReadonlyMap<string, Feature>[],
  live: readonly ReadonlyMap<string, Feature>[],
): Feature | undefined {
  const [first, ...rest] = dead
  if (first === undefined) return undefined
  return [...first]
    .filter(([name]) => rest.every((other) => other.has(name)) && !live.some((other) => other.has(name)))
    .map(([, feature]) => feature)
    .sort((a, b) => a.depth - b.depth)[0]
}

/** Whether a probe of the symptom knocks at a socket, named `<protocol> <local>`. */
export function probesServedBy(the: Case, socket: string): boolean {
  const [protocol = '', ...local] = socket.split(' ')
  const state = 'LISTEN'
  return the.record.probes.some(
    ({ name, subject }) =>
      subject.type === 'socket' &&
      the.symptom?.probes.includes(name) === true &&
      serves({ protocol, local: local.join(' '), state, remote: '' }, subject.protocol, subject.address),
  )
}

/** Whether a socket is the server side of an address. Wildcard addresses serve every address of their port. */
export function serves(
  socket: Pick<SocketState, 'protocol' | 'local' | 'state' | 'remote'>,
  protocol: string,
  address: string,
): boolean {
  if (!socket.protocol.startsWith(protocol)) return false
  if (protocol === 'unix')
    return socket.local === address || (socket.local.endsWith(address) && address.startsWith('/'))
  const bound =
    protocol === 'udp'
      ? socket.remote === '' || /[:*]$|:\*$|^0\.0\.0\.0/.test(socket.remote)
      : socket.state === 'LISTEN'
  if (!bound) return false
  const split = (text: string): [string, string] => {
    const at = text.lastIndexOf(':')
    return [text.slice(0, at).replace(/^\[|\]$|%.*$/g, ''), text.slice(at + 1)]
  }
  const [host, port] = split(socket.local)
  const [wanted, wantedPort] = split(address)
  if (port !== wantedPort) return false
  return (
    ['0.0.0.0', '::', '*', wanted].includes(host) || wanted === 'localhost' || host === `::ffff:${wanted}`
  )
}
