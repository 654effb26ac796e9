/** The node groups of a definition, by all their names. */
import { bareGroup, type ComponentUse, type NodeGroupSpec } from '../model/definition.ts'
import type { RunLevel } from '../model/run-level.ts'
import { findComponent, useComponent } from './component.ts'
import type { LoadContext } from './context.ts'
import { limits } from './limits.ts'
import type { Span } from './position.ts'
import { hintFor } from '../base/nearest.ts'
import { quote } from './problems/quote.ts'

export interface Group {
  readonly name: string
  readonly aliases: Set<string>
  readonly nodeCount: number
  /** Absent when it was wrong: the group keeps its name, so that only this is reported. */
  readonly provisioner?: ComponentUse | undefined
  readonly managers: readonly ComponentUse[]
  readonly launchLevel: RunLevel
  readonly finalLevel: RunLevel
  readonly reuse: boolean
  readonly cluster?: string
}

export interface Groups {
  add(group: Group, at: Span): void
  /** The group of this name; groups that Fallout has without declaring them are made when first named. */
  find(name: string): Group | undefined
  /** Makes `alias` one more name of the group. */
  link(alias: string, group: Group, at: Span): void
  /** Reports a name that no group has; `where` is such as ``group of probe `x` ``. */
  check(name: string, at: Span, where: string): void
  specs(): NodeGroupSpec[]
}

/** One node on this machine each; the first three are words for the same group. */
const implicit: ReadonlyMap<string, string> = new Map([
  ['local', 'local'],
  ['none', 'local'],
  ['empty', 'local'],
  ['observer', 'observer'],
  ['controller', 'controller'],
])

export function createGroups({ registry, report }: LoadContext): Groups {
  const groups: Group[] = []
  const byName = new Map<string, Group>()

  function add(group: Group, at: Span): void {
    if (byName.has(group.name.toLowerCase())) {
      report(at, `two node groups are called ${quote(group.name)}`, 'give one of them another `name`')
      return
    }
    if (group.cluster !== undefined && groups.some(({ cluster }) => cluster === group.cluster)) {
      const hint = 'two groups cannot be the same machines'
      report(at, `two node groups have the cluster name ${quote(group.cluster)}`, hint)
    }
    groups.push(group)
    byName.set(group.name.toLowerCase(), group)
    for (const alias of group.aliases) link(alias, group, at)
  }

  function link(alias: string, group: Group, at: Span): void {
    const holder = byName.get(alias.toLowerCase())
    if (holder !== undefined && holder !== group) {
      report(at, `${quote(alias)} is the name of another node group already`)
      return
    }
    byName.set(alias.toLowerCase(), group)
    if (alias !== group.name) group.aliases.add(alias)
  }

  function find(name: string): Group | undefined {
    const known = byName.get(name.toLowerCase())
    const implied = implicit.get(name.toLowerCase())
    if (known !== undefined || implied === undefined) return known
    const made = byName.get(implied)
    if (made !== undefined) return made
    const nowhere = { start: 0, end: 0 }
    const local = findComponent(registry, report, 'provisioner', 'local', nowhere)
    const provisioner = local && useComponent(report, local, `${implied}-local`, undefined, nowhere)
    const group: Group = {
      name: implied,
      aliases: new Set(),
      nodeCount: 1,
      provisioner,
      ...bareGroup,
    }
    add(group, nowhere)
    return group
  }

  return {
    add,
    find,
    link,
    check(name, at, where) {
      if (find(name) !== undefined) return
      const names = byName.keys().take(limits.problems).toArray()
      report(at, `${where}: there is no node group called ${quote(name)}`, () => hintFor(name, names))
    },
    specs: () =>
      groups.flatMap(({ provisioner, aliases, ...rest }) =>
        provisioner === undefined ? [] : [{ ...rest, aliases: [...aliases], provisioner }],
      ),
  }
}
