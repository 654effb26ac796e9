/** The `workload` section: phases one after another, the steps of each together, and the checkers. */
import { fileNameOf } from '../base/file-name.ts'
import { lifetimes, type ComponentUse, type Lifetime, type Phase, type Step } from '../model/definition.ts'
import type { ComponentOf } from '../plugin/registry.ts'
import { readCheckers } from './checkers.ts'
import { findComponent, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import {
  checkName,
  givenField,
  readFields,
  readList,
  readMap,
  readPositiveDuration,
  readText,
  requireField,
} from './fields.ts'
import type { Span } from './position.ts'
import { hintFor } from '../base/nearest.ts'
import { quote } from './problems/quote.ts'
import { checkReferences, type Names } from './references.ts'
import { describe, type Entry, type MapTree, type Tree } from './tree.ts'

export const workloadKeys = ['phases', 'checkers', 'artifact_checkers']
export const stepKeys = ['module', 'properties', 'timeout']

export interface Workload {
  readonly phases: readonly Phase[]
  readonly checkers: readonly ComponentUse[]
  readonly artifactCheckers: readonly ComponentUse[]
}

/** Adds the names of all modules to `names.modules`. */
export function readWorkload(context: LoadContext, tree: Tree, names: Names): Workload {
  const { report } = context
  const fields = readFields(report, tree, 'the workload', workloadKeys)
  const phases = requireField(report, fields, 'phases', { in: tree, where: 'the workload' })
  const checkers = givenField(fields, 'checkers')
  const artifactCheckers = givenField(fields, 'artifact_checkers')
  return {
    phases: phases === undefined ? [] : new PhaseReader(context, names).read(phases.value, 'phases'),
    checkers: checkers === undefined ? [] : readCheckers(context, 'checker', checkers, names),
    artifactCheckers:
      artifactCheckers === undefined
        ? []
        : readCheckers(context, 'artifact-checker', artifactCheckers, names),
  }
}

class PhaseReader {
  readonly #context: LoadContext
  readonly #names: Names
  /** Modules by the names of their files. */
  readonly #files = new Map<string, string>()

  constructor(context: LoadContext, names: Names) {
    this.#context = context
    this.#names = names
  }

  /** `name` is the step that holds the phases. */
  read(tree: Tree, name: string): Phase[] {
    const { report } = this.#context
    const items = readList(report, tree, quote(name))
    if (tree.type === 'list' && items.length === 0) {
      report(tree, `${quote(name)} must have at least one phase`)
    }
    return items.map((item) => {
      const entries = [...readMap(report, item, `a phase of ${quote(name)}`).values()]
      if (item.type === 'map' && entries.length === 0) report(item, `a phase of ${quote(name)} has no steps`)
      return { steps: entries.flatMap((entry) => this.#readStep(entry)) }
    })
  }

  #readStep({ key, keyAt, value }: Entry): Step[] {
    const { report } = this.#context
    checkName(report, keyAt, key, 'name of a step')
    if (value.type === 'list') return [{ type: 'phases', name: key, phases: this.read(value, key) }]
    if (value.type !== 'map') {
      report(
        value,
        `step ${quote(key)} must be a map with a \`module\`, or a list of phases, not ${describe(value)}`,
      )
      return []
    }
    if (this.#names.modules.has(key)) {
      report(keyAt, `two modules are called ${quote(key)}`, 'names of modules are unique in a workload')
    }
    this.#names.modules.add(key)
    this.#checkFiles(key, keyAt)
    return this.#readModule(key, value, keyAt)
  }

  /** What a module leaves behind has its name: another's would be written over. */
  #checkFiles(name: string, keyAt: Span): void {
    const file = fileNameOf(name)
    const other = this.#files.get(file) ?? name
    this.#files.set(file, other)
    if (other === name) return
    const problem = `modules ${quote(other)} and ${quote(name)} would write the same files, called ${quote(file)}`
    this.#context.report(keyAt, problem, 'give one of them another name')
  }

  #readModule(name: string, tree: MapTree, keyAt: Span): Step[] {
    const { registry, report } = this.#context
    const where = `step ${quote(name)}`
    const fields = readFields(report, tree, where, stepKeys)
    const timeout = fields.get('timeout')
    const timeoutMs = timeout && readPositiveDuration(report, timeout.value, `timeout of ${where}`)
    const module = requireField(report, fields, 'module', { in: tree, at: keyAt, where })?.value
    const id = module && readText(report, module, `module of ${where}`)
    const component = module && id ? findComponent(registry, report, 'module', id, module) : undefined
    if (component === undefined) return []
    const { lifetime, rest } = this.#takeLifetime(component, fields.get('properties')?.value)
    checkReferences(report, this.#names, component, rest, keyAt)
    const use = useComponent(report, component, name, rest, keyAt)
    if (use === undefined) return []
    return [{ type: 'module', use, lifetime, ...(timeoutMs === undefined ? {} : { timeoutMs }) }]
  }

  /** `lifetime` is a property that every dynamic module has, so the modules do not declare it themselves. */
  #takeLifetime(
    module: ComponentOf<'module'>,
    tree: Tree | undefined,
  ): { lifetime: Lifetime; rest: Tree | undefined } {
    const fixed = module.lifetime === 'dynamic' ? (module.defaultLifetime ?? 'run_once') : module.lifetime
    if (tree?.type !== 'map') return { lifetime: fixed, rest: tree }
    const given = tree.entries.get('lifetime')
    if (given === undefined) return { lifetime: fixed, rest: tree }
    const rest: MapTree = {
      ...tree,
      entries: new Map([...tree.entries].filter(([key]) => key !== 'lifetime')),
    }
    if (module.lifetime === 'dynamic') return { lifetime: this.#readLifetime(given.value) ?? fixed, rest }
    this.#context.report(
      given.keyAt,
      `module \`${module.id}\` takes no lifetime: it is always ${module.lifetime}`,
    )
    return { lifetime: fixed, rest }
  }

  /** As in Fallout, an ending of the word will do: `once`, `phase`. */
  #readLifetime(tree: Tree): Lifetime | undefined {
    const text = tree.type === 'scalar' ? tree.text.toLowerCase() : ''
    const lifetime = lifetimes.find((candidate) => candidate === text || candidate.endsWith(`_${text}`))
    if (lifetime !== undefined) return lifetime
    const choices = ['once', 'phase', ...lifetimes]
    const found = text === '' ? describe(tree) : quote(text)
    this.#context.report(tree, `lifetime must be once or phase, not ${found}`, () => hintFor(text, choices))
    return undefined
  }
}
