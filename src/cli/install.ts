/** Bringing the tools that a definition's components need, before its run. */
import { tmpdir } from 'node:os'
import { rungsOf } from '../engine/ladder.ts'
import type { ComponentUse, Definition, Phase } from '../model/definition.ts'
import { installPackages } from '../node/apt.ts'
import { localNode } from '../node/local.ts'
import { areForCertainTargets, checkNeeds, isDebian, isRoot } from '../node/needs.ts'
import type { Component, ComponentKind } from '../plugin/define.ts'
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
  const { groups, phases, checkers, artifactCheckers, observe, symptoms } = definition
  const uses: readonly (readonly [ComponentKind, readonly ComponentUse[]])[] = [
    ['provisioner', groups.map(({ provisioner }) => provisioner)],
    ['manager', groups.flatMap(({ managers }) => managers)],
    ['module', modulesOf(phases)],
    ['checker', checkers],
    ['artifact-checker', artifactCheckers],
    ['sampler', observe.samplers],
    ['probe', observe.probes],
  ]
  const needs = uses.flatMap(([kind, all]) =>
    all.map(({ component, properties, unresolved }) => {
      const plugin: Component | undefined = registry.get(kind, component)
      // What references stand for is not known yet, and neither is what it takes.
      const more = unresolved === undefined ? plugin?.needsFor?.(properties) : undefined
      return [...(plugin?.needs ?? []), ...(more ?? [])]
    }),
  )
  // Without a symptom nothing is captured.
  const rungs =
    symptoms.length === 0 ? [] : rungsOf(definition, registry).map(({ collector }) => collector.needs)
  return [...needs, ...rungs].filter((own) => !areForCertainTargets(own)).flat()
}

/** All modules, also of nested phases. */
function modulesOf(phases: readonly Phase[]): ComponentUse[] {
  return phases
    .flatMap(({ steps }) => steps)
    .flatMap((step) => (step.type === 'module' ? [step.use] : modulesOf(step.phases)))
}
