/** The climbs of a run: on the healthy system for reference, on the sick one, and on the one that a rung has cured. */
import { sleep } from '../base/abort.ts'
import { messageOf } from '../base/errors.ts'
import type { CaptureRecord } from '../model/run.ts'
import { compareTiers } from '../model/tier.ts'
import { isConnectedTo, type Node } from '../plugin/node.ts'
import type { Registry } from '../plugin/registry.ts'
import { isStillThere } from './cure.ts'
import { isDeath } from './deaths.ts'
import { isSeen, type Ensemble } from './ensemble.ts'
import { isPresent } from './node-group.ts'
import { climb, rungsOf } from './ladder.ts'
import type { LadderContext, Rung } from './ladder.ts'
import type { Observation } from './observe.ts'
import type { Symptom } from './symptom-state.ts'
import type { SymptomWatch } from './symptoms.ts'
import { checkTargets, findTargets, livesIn } from './targets.ts'

/** A symptom that comes and goes is captured this many times. */
const CAPTURES_PER_SYMPTOM = 3

/** What a climb needs to know of its run. */
export interface CaptureContext extends LadderContext {
  readonly registry: Registry
  readonly ensemble: Ensemble
  readonly observation: Observation
  readonly signal: AbortSignal
}

/** Climbs because a person asked: nothing is known to be sick, so every rung is climbed. */
export async function captureAsked(context: CaptureContext): Promise<boolean> {
  const { ladder: rungs } = laddersOf(context)
  checkTargets(context.ensemble.hosts, context.definition.evidence.targets)
  context.journal.enter('capturing')
  await climbOn(context, {
    id: 'sick-1',
    role: 'sick',
    symptom: null,
    rungs,
    ...everywhere(context),
    look: null,
  })
  return true
}

/** Climbs on the sick system; when a rung cured it, once more on the system that it left. */
export async function captureSick(
  symptom: Symptom,
  watch: SymptomWatch,
  context: CaptureContext,
): Promise<void> {
  const { definition, journal, observation } = context
  const { name } = symptom.spec
  const earlier = journal.record.captures.filter((one) => one.role === 'sick' && one.symptom === name).length
  if (earlier >= CAPTURES_PER_SYMPTOM) return
  journal.enter('capturing')
  using _pace = paced(observation, definition.evidence.windowMs / 4)
  const id = `sick-${journal.record.captures.filter(({ role }) => role === 'sick').length + 1}`
  const { ladder: whole, healthyLadder } = laddersOf(context)
  // What still lives beside a machine that died is only glanced at.
  const ladder = isDeath(symptom) ? whole.filter(isGlance) : whole
  const { sick, peers } = sidesOf(symptom, context)
  const { everyMs } = definition.observe
  const look = isDeath(symptom)
    ? null
    : (rung: Rung['collector']): Promise<boolean> =>
        isStillThere(symptom, rung, watch, observation, everyMs, context.signal)
  const [capture] = await Promise.all([
    climbOn(context, { id, role: 'sick', symptom, rungs: ladder, ...sick, look }),
    peers === undefined
      ? undefined
      : climbOn(context, {
          id: id.replace('sick', 'peers'),
          role: 'reference',
          symptom: null,
          rungs: healthyLadder,
          ...peers,
          look: null,
        }),
  ])
  const cured = capture.rungs.some(({ symptomAfter }) => symptomAfter === false)
  if (cured && !context.signal.aborted) {
    const rungs = ladder.filter(({ collector }) => collector.onReference || collector.tier === 'stop')
    await climbOn(context, {
      id: id.replace('sick', 'cured'),
      role: 'cured',
      symptom,
      rungs,
      ...sick,
      look: null,
    })
  }
  journal.enter('running')
}

const isGlance = ({ collector: { tier, fromOutside } }: Rung): boolean =>
  tier === 'read' || fromOutside === true

/** Probes are tried more often while a climb looks, so that every rung sees some attempts. */
function paced({ probes }: Observation, milliseconds: number): Disposable {
  probes.pace(milliseconds)
  return { [Symbol.dispose]: () => probes.pace(null) }
}

/** Where a climb looks: at hosts, and at networks. */
interface Places {
  readonly nodes: readonly Node[]
  readonly networks: readonly Node[]
}

/** Also at machines that died, of which the outside is left. */
const everywhere = ({ ensemble }: Pick<CaptureContext, 'ensemble'>): Places => ({
  nodes: [
    ...ensemble.hosts,
    ...ensemble.nodes.filter((node) => node.machine !== undefined && !isPresent(node)),
  ],
  networks: ensemble.networks,
})

/** With peers as the reference: the nodes that the symptom names are sick, the others of their groups are peers. */
function sidesOf(
  { series }: Symptom,
  { definition, ensemble }: CaptureContext,
): { readonly sick: Places; readonly peers?: Places } {
  const named = new Set(series.map(({ labels }) => labels['node']))
  const sickNodes = ensemble.nodes.filter((node) => isSeen(node) && named.has(node.name))
  if (definition.evidence.reference !== 'peers' || sickNodes.length === 0) {
    return { sick: everywhere({ ensemble }) }
  }
  const groups = new Set(sickNodes.map(({ group }) => group))
  const peers = ensemble.nodes.filter(
    (node) => isSeen(node) && groups.has(node.group) && !sickNodes.includes(node),
  )
  const these = (nodes: readonly Node[]): Places => ({ nodes, networks: nodes })
  return { sick: these(sickNodes), ...(peers.length === 0 ? {} : { peers: these(peers) }) }
}

/**
 * Climbs on the healthy system, for as long as it is one: the rungs that were done when a symptom began count, and if
 * there was none the climb is tried again. `healthy` gives a signal that aborts when the next symptom begins.
 */
export async function captureReference(
  watch: SymptomWatch,
  context: CaptureContext,
  signal: AbortSignal,
  healthy: () => AbortSignal,
  enqueue: (action: () => Promise<boolean>) => Promise<boolean>,
): Promise<void> {
  const { definition } = context
  const { reference, referenceAfterMs } = definition.evidence
  const captures = definition.symptoms.some(({ then }) => then.includes('capture'))
  if (!captures || !['healthy-window', 'passing-runs'].includes(reference)) return
  await sleep(referenceAfterMs, signal).catch(() => undefined)
  for (let done = false; !done && !signal.aborted;) {
    if (watch.symptoms.every(({ state }) => state === 'healthy')) {
      done = await enqueue(async () => {
        const well = AbortSignal.any([signal, healthy()])
        return !well.aborted && (await climbHealthy({ ...context, signal: well }))
      })
    }
    if (!done) await sleep(definition.observe.everyMs, signal).catch(() => undefined)
  }
}

/** One reference; false when a symptom began before its first rung was done, and there is none. */
async function climbHealthy(context: CaptureContext): Promise<boolean> {
  const { definition, journal, observation } = context
  using _pace = paced(observation, definition.evidence.windowMs / 4)
  const { healthyLadder: rungs } = laddersOf(context)
  const capture = await climbOn(context, {
    id: 'reference-1',
    role: 'reference',
    symptom: null,
    rungs,
    ...everywhere(context),
    look: null,
  })
  if (capture.rungs.some(({ status }) => status === 'ok')) return true
  journal.update({ captures: journal.record.captures.filter(({ id }) => id !== capture.id) })
  journal.event('note', capture.id, 'dropped: a symptom began before its first rung was done')
  return false
}

/**
 * The rungs for a sick system and those for a healthy one: there nothing that waits is woken, and of the tier `stop` only
 * what runs a probe's own command is used.
 */
function laddersOf({ definition, registry, observation }: CaptureContext): {
  ladder: readonly Rung[]
  healthyLadder: readonly Rung[]
} {
  const ladder = rungsOf(definition, registry)
  const hasCommands =
    observation.probes.commands(observation.probes.records.map(({ name }) => name)).length > 0
  const isGentle = ({ collector: { tier, onReference } }: Rung): boolean =>
    onReference && (compareTiers(tier, 'stop') < 0 || (tier === 'stop' && hasCommands))
  return { ladder, healthyLadder: ladder.filter(isGentle) }
}

interface Where extends Places {
  readonly id: string
  readonly role: CaptureRecord['role']
  readonly symptom: Symptom | null
  readonly rungs: readonly Rung[]
  readonly look: ((collector: Rung['collector']) => Promise<boolean>) | null
}

/** One climb, with the targets as they are now: a server may have been restarted since. */
function climbOn(
  context: CaptureContext,
  { id, role, symptom, rungs, nodes, networks, look }: Where,
): Promise<CaptureRecord> {
  const { definition, observation, signal } = context
  const { records } = observation.probes
  // All probes, not only the failing ones: what lives beside the dead says as much.
  const question = { probes: records, series: symptom?.series ?? [], targets: definition.evidence.targets }
  const targets = nodes.filter(isPresent).flatMap((node) => {
    const shared = nodes.filter(({ host }) => host === node.host).length > 1
    const onHost = networks.filter((one) => one.network !== undefined && one.host === node.host)
    try {
      // Of several nodes on one host each is asked for what is its own.
      return shared && node.network !== undefined
        ? findTargets(node, question, [node]).filter(({ pid }) => livesIn(node, pid))
        : findTargets(node, question, onHost)
    } catch (error) {
      // It does not answer: each rung says so, and those on other nodes have theirs.
      if (!isConnectedTo(node)) throw error
      context.journal.event('note', id, `no target was looked for on ${node.name}: ${messageOf(error)}`)
      return []
    }
  })
  const names = symptom?.probes ?? records.map(({ name }) => name)
  const spec = { id, role, symptom: symptom?.spec.name ?? null, rungs, targets, look, signal }
  const commands = observation.probes.commands(names)
  return climb({ ...spec, nodes, networks, commands, together: role !== 'sick' }, context)
}
