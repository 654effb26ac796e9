/** `quarry doctor`: what this host can collect and run, and what to install for the rest. */
import { tmpdir } from 'node:os'
import { EnvironmentError } from '../base/errors.ts'
import { exitCodes } from '../model/verdict.ts'
import { installCommand, installPackages } from '../node/apt.ts'
import { hostFacts, type HostFact } from '../node/host-facts.ts'
import { localNode } from '../node/local.ts'
import { areForCertainTargets, checkNeeds, isDebian, isRoot } from '../node/needs.ts'
import { componentKinds, type ComponentKind } from '../plugin/define.ts'
import type { Missing, Need } from '../plugin/need.ts'
import type { Node } from '../plugin/node.ts'
import type { Registry } from '../plugin/registry.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { allCommands } from './commands.ts'
import { table } from './table.ts'
import { testNeeds } from './test-needs.ts'

interface Examined {
  readonly kind: ComponentKind | 'command' | 'tests'
  readonly id: string
  readonly missing: readonly Missing[]
  /** It works only on certain processes, such as a Java virtual machine: nothing is installed for it in advance. */
  readonly forTargets: boolean
}

interface Diagnosis {
  readonly host: readonly HostFact[]
  readonly components: readonly Examined[]
  /** Debian packages that would mend what packages can mend. */
  readonly packages: readonly string[]
}

/** `quarry doctor`. */
export const command = defineCommand({
  arguments: {},
  options: {
    install: { summary: 'install the missing Debian packages, as root; starts no service' },
    forTests: { summary: 'also look for what the tests and examples of Quarry need' },
  },
  details: `Without --install nothing is changed, mounted or tried, and the exit code is 0 whatever is missing.
With it the exit code is 2 when something that a package brings is still missing.`,
  async run({ install, forTests }, context) {
    const node = localNode({ run: 'doctor', group: 'local', ordinal: 0, scratch: tmpdir() })
    const registry = await context.registry()
    const examine = (): Promise<Diagnosis> => examineHost(node, registry, forTests)
    let diagnosis = await examine()
    const wanted = diagnosis.packages
    if (install && wanted.length > 0) {
      await installMissing(node, wanted, context)
      diagnosis = await examine()
    }
    const installed = wanted.filter((name) => !diagnosis.packages.includes(name))
    if (context.json) context.printJson({ ...diagnosis, installed })
    else context.print(render(diagnosis))
    return install && diagnosis.packages.length > 0 ? exitCodes.unknown : exitCodes.pass
  },
})

async function examineHost(node: Node, registry: Registry, forTests: boolean): Promise<Diagnosis> {
  const subjects: { kind: Examined['kind']; id: string; needs: readonly Need[] }[] = []
  for (const kind of componentKinds) {
    for (const { id, needs } of registry.all(kind)) subjects.push({ kind, id, needs })
  }
  for (const [id, entry] of allCommands()) {
    const { needs = [] } = (await entry.load()).command
    if (needs.length > 0) subjects.push({ kind: 'command', id, needs })
  }
  if (forTests) for (const { id, needs } of testNeeds) subjects.push({ kind: 'tests', id, needs })
  const components = await Promise.all(
    subjects.map(async ({ kind, id, needs }) => {
      const forTargets = areForCertainTargets(needs)
      return { kind, id, missing: await checkNeeds(node, needs), forTargets }
    }),
  )
  const packages = components.flatMap(({ missing, forTargets }) =>
    forTargets ? [] : missing.flatMap(packagesFor),
  )
  return { host: await hostFacts(node), components, packages: [...new Set(packages)].toSorted() }
}

function packagesFor({ need, remedy }: Missing): string[] {
  if (need.type === 'tool') return [need.package]
  return /^apt-get install -y (.+)$/.exec(remedy)?.[1]?.split(' ') ?? []
}

async function installMissing(
  node: Node,
  packages: readonly string[],
  context: CommandContext,
): Promise<void> {
  if (!isDebian(node)) {
    throw new EnvironmentError('this host has no apt, which is all that --install can use', {
      remedy: `install with the package manager of this host what Debian has in: ${packages.join(' ')}`,
    })
  }
  if (!isRoot(node)) {
    throw new EnvironmentError('only root can install packages', {
      remedy: `sudo ${installCommand(packages)}`,
    })
  }
  const { progress, signal } = context
  const { installed, failed, disabled } = await installPackages(packages, { progress, signal })
  progress(`installed ${installed.length === 0 ? 'nothing' : installed.join(' ')}`)
  if (disabled.length > 0) progress(`kept from starting, now and at boot: ${disabled.join(' ')}`)
  for (const { name, why } of failed) progress(`could not install ${name}: ${why}`)
}

function render({ host, components, packages }: Diagnosis): string {
  const mark = (ok: boolean | null): string => (ok === null ? '' : ok ? 'ok' : 'no')
  const whole = components.filter(({ missing }) => missing.length === 0).length
  const remedy = `For more: ./quarry doctor --install   (${installCommand(packages)})`
  return [
    'This host',
    table(host.map(({ name, value, ok, note }) => [mark(ok), name, [value, note ?? []].flat().join('; ')])),
    '',
    'Components',
    table(components.flatMap(rowsOf)),
    '',
    `${whole} of ${components.length} components work here.`,
    ...(packages.length === 0 ? [] : [remedy]),
  ].join('\n')
}

/** One row for each lack, the first of them with the name. */
function rowsOf({ kind, id, missing, forTargets }: Examined): string[][] {
  if (missing.length === 0) return [['ok', kind, id, '']]
  const only = forTargets ? '; needed only for processes that it is made for' : ''
  return missing.map(({ why, remedy }, index) => [
    ...(index === 0 ? [forTargets ? '-' : 'no', kind, id] : ['', '', '']),
    `${why}; ${remedy}${only}`,
  ])
}
