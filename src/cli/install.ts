/** Bringing the tools that a definition's components need, before its run. */
import { tmpdir } from 'node:os'
import { rungsOf } from '../engine/ladder.ts'
import type { Definition, Phase } from '../model/definition.ts'
import { installPackages } from '../node/apt.ts'
import { localNode } from '../node/local.ts'
import { areForCertainTargets, checkNeeds, isDebian, isRoot } from '../node/needs.ts'
import type { Need } from '../plugin/need.ts'
import type { Registry } from '../plugin/registry.ts'
import type { CommandContext } from './command.ts'

/**
 * Installs the Debian packages of missing tools, where this process may; says what to type where it may not. What is
 * still missing afterwards does not stop the run: it stands in the case file among what was not looked at.
 */
export async function installNeeded(
  definition: Definition,
  registry: Registry,
  context: CommandContext,
): Promise<void> {
  const node = localNode({ run: 'install', group: 'local', ordinal: 0, scratch: tmpdir() })
  const missing = await checkNeeds(node, needsOf(definition, registry))
  const packages = [...new Set(missing.flatMap(({ need }) => (need.type === 'tool' ? [need.package] : [])))]
  if (packages.length === 0) return
  if (!isRoot(node) || !isDebian(node)) {
    for (const { why, remedy } of missing) context.progress(`${why}; ${remedy}`)
    return
  }
  context.progress(`installing ${packages.join(', ')} (--as-is goes without)`)
  const { progress, signal } = context
  const { failed } = await installPackages(packages, { progress, signal })
  for (const { name, why } of failed) context.progress(`could not install ${name}: ${why}`)
}

/** What the definition's components need, those left out that are only for certain targets, such as a JVM. */
function needsOf(definition: Definition, registry: Registry): Need[] {
  const { samplers, probes } = definition.observe
  const components = [
    ...definition.groups.map(({ provisioner }) => registry.get('provisioner', provisioner.component)),
    ...definition.groups.flatMap(({ managers }) =>
      managers.map(({ component }) => registry.get('manager', component)),
    ),
    ...modulesOf(definition.phases).map((component) => registry.get('module', component)),
    ...definition.checkers.map(({ component }) => registry.get('checker', component)),
    ...definition.artifactCheckers.map(({ component }) => registry.get('artifact-checker', component)),
    ...samplers.map(({ component }) => registry.get('sampler', component)),
    ...probes.map(({ component }) => registry.get('probe', component)),
    // Without a symptom nothing is captured.
    ...(definition.symptoms.length === 0
      ? []
      : rungsOf(definition, registry).map(({ collector }) => collector)),
  ]
  return components
    .map((component) => component?.needs ?? [])
    .filter((needs) => !areForCertainTargets(needs))
    .flat()
}

/** Ids of all modules, also of nested phases. */
function modulesOf(phases: readonly Phase[]): string[] {
  return phases
    .flatMap(({ steps }) => steps)
    .flatMap((step) => (step.type === 'module' ? [step.use.component] : modulesOf(step.phases)))
}
