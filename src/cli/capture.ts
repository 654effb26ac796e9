import { tmpdir } from 'node:os'
import { UserError } from '../base/errors.ts'
import { checkTargets } from '../engine/targets.ts'
import { bareGroup, type ComponentUse, type Definition } from '../model/definition.ts'
import { tiers } from '../model/tier.ts'
import type { Tier } from '../model/tier.ts'
import { localNode } from '../node/local.ts'
import type { Registry } from '../plugin/registry.ts'
import { defaultRunsRoot } from '../store/run-directory.ts'
import { defineCommand, durationOption } from './command.ts'
import { execute } from './execute.ts'

const OBSERVING: readonly Tier[] = ['read', 'sample', 'trace']

export const command = defineCommand({
  arguments: {},
  options: {
    node: { value: 'user@host', summary: 'another host, as ssh takes it; this one if absent' },
    sshConfig: { value: 'file', summary: 'ssh configuration for --node; the one of the user if absent' },
    pid: { value: 'pid', many: true, summary: 'process to look at; may be repeated' },
    match: { value: 'regex', many: true, summary: 'processes whose command line matches; may be repeated' },
    upTo: {
      value: 'tier',
      summary: `highest tier: ${tiers.join(', ')}; trace by default, which wakes nobody`,
    },
    window: { value: 'duration', summary: 'how long each observing collector looks; 4s' },
    only: { value: 'collector', many: true, summary: 'climb only this collector; may be repeated' },
    runs: { value: 'directory', summary: 'where run directories go; ./runs, or QUARRY_RUNS' },
    plain: { summary: 'plain lines of progress, also on a terminal' },
  },
  details: `Climbs the ladder now, on this host or one that ssh reaches, and writes a case file. By default nothing that waits is woken: the
tier \`stop\` (strace, gdb, SIGSTOP) and the tier \`change\` (dropping caches) must be asked for with --up-to.
Two captures can be held against each other: \`quarry compare SICK HEALTHY\`.`,
  run: async (values, context) => {
    const registry = await context.registry()
    const definition = captureDefinition(values, registry)
    if (values.node === undefined) {
      const node = localNode({ run: 'capture', group: 'local', ordinal: 0, scratch: tmpdir() })
      checkTargets([node], definition.evidence.targets)
    }
    const { runs, plain } = values
    return await execute(
      definition,
      { registry, root: runs ?? defaultRunsRoot(), secrets: undefined, watch: false, capture: true, plain },
      context,
    )
  },
})

interface Wanted {
  readonly node: string | undefined
  readonly sshConfig: string | undefined
  readonly pid: readonly string[]
  readonly match: readonly string[]
  readonly upTo: string | undefined
  readonly window: string | undefined
  readonly only: readonly string[]
}

/** A run without a workload that climbs once: what a symptom would have done, had it been watched for. */
function captureDefinition(wanted: Wanted, registry: Registry): Definition {
  const provisioner = provisionerOf(wanted, registry)
  const samplers = registry.all('sampler').filter(({ properties }) => properties.safeParse({}).success)
  const allow = tiersUpTo(wanted.upTo)
  const use = (id: string, properties: unknown) => ({ name: id, component: id, properties })
  return {
    file: 'capture',
    description: 'The ladder climbed by hand',
    groups: [
      {
        name: wanted.node === undefined ? 'local' : 'remote',
        aliases: ['server', 'client'],
        nodeCount: 1,
        provisioner,
        ...bareGroup,
      },
    ],
    localFiles: [],
    phases: [],
    checkers: [],
    artifactCheckers: [],
    observe: {
      everyMs: 1000,
      samplers: samplers.map(({ id, properties }) => use(id, properties.parse({}))),
      probes: [],
    },
    symptoms: [],
    evidence: {
      reference: 'none',
      referenceAfterMs: 0,
      ladder:
        wanted.only.length === 0 ? 'default' : wanted.only.map((id) => use(id, usable(registry, id, allow))),
      allow,
      windowMs: durationOf(wanted.window ?? '4s'),
      rungTimeoutMs: 120_000,
      targets: [...wanted.pid.map(pidOf), ...wanted.match.map(patternOf)],
    },
    timeoutMs: 3_600_000,
    parameters: {},
    text: { source: '', expanded: '' },
  }
}

function provisionerOf({ node, sshConfig }: Wanted, registry: Registry): ComponentUse {
  if (node === undefined && sshConfig !== undefined)
    throw new UserError('--ssh-config is of use only with --node')
  const component = node === undefined ? 'local' : 'ssh'
  const plugin = registry.get('provisioner', component)
  if (plugin === undefined) throw new Error(`there is no provisioner called ${component}`)
  const config = sshConfig === undefined ? {} : { config: sshConfig }
  const properties = plugin.properties.safeParse(node === undefined ? {} : { hosts: [node], ...config })
  if (properties.success) return { name: component, component, properties: properties.data }
  throw new UserError(`--node ${node}: not a destination of ssh`, {
    remedy: 'user@host, ssh://user@host:port or an alias of ~/.ssh/config',
  })
}

function usable(registry: Registry, id: string, allowed: readonly Tier[]): unknown {
  const collector = registry.get('collector', id)
  if (collector !== undefined && !allowed.includes(collector.tier)) {
    throw new UserError(`${id} is of the tier ${collector.tier}, which is not climbed to`, {
      remedy: `--up-to ${collector.tier}`,
    })
  }
  const properties = collector?.properties.safeParse({})
  if (properties?.success === true) return properties.data
  if (properties !== undefined) {
    throw new UserError(`${id} needs properties, which only a definition can give`, {
      remedy: `evidence: {ladder: [{${id}: {...}}]} in a definition`,
    })
  }
  const known = registry.all('collector').map((one) => one.id)
  throw new UserError(`there is no collector called ${id}`, { remedy: `there are ${known.join(', ')}` })
}

function tiersUpTo(word: string | undefined): readonly Tier[] {
  if (word === undefined) return OBSERVING
  const tier = tiers.find((one) => one === word)
  if (tier !== undefined) return tiers.slice(0, tiers.indexOf(tier) + 1)
  throw new UserError(`--up-to ${word}: there is no such tier`, { remedy: `one of ${tiers.join(', ')}` })
}

function durationOf(word: string): number {
  const milliseconds = durationOption('--window', word, '4s, 500ms, 2m')
  if (milliseconds > 0) return milliseconds
  throw new UserError('--window 0: nothing is seen in no time', { remedy: 'such as 4s' })
}

function pidOf(word: string): number {
  const pid = Number(word)
  if (Number.isInteger(pid) && pid > 0) return pid
  throw new UserError(`--pid ${word}: not a process id`, { remedy: 'such as --pid 4711' })
}

function patternOf(word: string): string {
  try {
    return new RegExp(word).source
  } catch (error) {
    throw new UserError(`--match ${word}: not a regular expression`, { cause: error })
  }
}
