/**
 * Where probes are tried from: this process, or a node whose network is another than that of this process. There they run in
 * a process of ours; where it cannot be had, here, over connections that are made there.
 */
import { EnvironmentError } from '../base/errors.ts'
import type { ProbeUse } from '../model/definition.ts'
import type { ProbeSubject } from '../model/run.ts'
import { isConnectedTo, type Node } from '../plugin/node.ts'
import type { Probe, ProbeContext, ProbePlugin } from '../plugin/probe.ts'
import { notLookedAt, type Journal } from './journal.ts'
import { createProber, type Prober } from './prober/prober.ts'
import { createRelay, type Relay } from './relay/relay.ts'

export interface PlacedProbe {
  readonly probe: Probe
  /** Name of the node that it is tried from, or `controller`. */
  readonly from: string
}

/** Disposing ends the processes on the nodes. */
export interface ProbePlaces extends AsyncDisposable {
  /** Opens a probe where it is to be tried from. */
  open(plugin: ProbePlugin, use: ProbeUse, context: ProbeContext, properties: unknown): Promise<PlacedProbe>
}

/** Nothing is started before a probe needs it. */
export function createProbePlaces(journal: Journal, signal: AbortSignal): ProbePlaces {
  const stack = new AsyncDisposableStack()
  const onceANode = <Place extends AsyncDisposable>(
    create: (node: Node, signal: AbortSignal) => Promise<Place>,
  ): ((node: Node) => Promise<Place | EnvironmentError>) => {
    const made = new Map<Node, Place | EnvironmentError>()
    return async (node) => {
      const known = made.get(node)
      if (known !== undefined) return known
      const place = await create(node, signal).catch((error: unknown) => {
        if (error instanceof EnvironmentError) return error
        throw error
      })
      if (!(place instanceof EnvironmentError)) stack.use(place)
      made.set(node, place)
      return place
    }
  }
  const proberOn = onceANode<Prober>(createProber)
  const relayOn = onceANode<Relay>(createRelay)
  return {
    open: async (plugin, use, context, properties) => {
      const { node } = context
      const here = async (from: string): Promise<PlacedProbe> => ({
        probe: await plugin.open(context, properties),
        from,
      })
      if (plugin.module === undefined) return here(node.name)
      if (!use.namesGroup || node.unseen !== undefined) return here('controller')
      if (node.network === undefined && !isConnectedTo(node)) return here(node.name)
      const prober = await proberOn(node)
      if (!(prober instanceof EnvironmentError)) {
        return { probe: await prober.open(plugin, context, properties), from: node.name }
      }
      const relay = plugin.dials === true ? await relayOn(node) : undefined
      if (relay !== undefined && !(relay instanceof EnvironmentError)) {
        return { probe: await plugin.open({ ...context, dial: relay.dial }, properties), from: node.name }
      }
      const { message, remedy = '' } = relay ?? prober
      notLookedAt(journal, {
        collector: `probe ${use.name}`,
        node: node.name,
        why: `tried from the controller and not from the node: ${message}`,
        remedy,
      })
      return here('controller')
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** What a probe tries, with the address in place of a name that only the hosts file of the node's network has. */
export function subjectSeenFrom(node: Node, subject: ProbeSubject): ProbeSubject {
  if (node.network === undefined || subject.type !== 'socket' || subject.protocol === 'unix') return subject
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(subject.address) ?? []
  if (host === 'localhost') return subject
  const line = (node.files.text('/etc/hosts') ?? '')
    .split('\n')
    .map((text) => text.replace(/#.*/, '').trim().split(/\s+/))
    .find(([, ...names]) => names.includes(host))
  const [address] = line ?? []
  return address === undefined
    ? subject
    : { ...subject, address: `${address.includes(':') ? `[${address}]` : address}:${port}` }
}
