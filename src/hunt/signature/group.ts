/**
 * Failures by bug: which failed runs failed in the same way, so that a rate can be the rate of one bug.
 *
 * `groupFailures(signatures, options)` takes the signatures of all runs of a definition, in any order, those that passed too:
 * what also shows in them tells nothing of a failure. It gives the groups and, for each failure, its group and why. The same
 * runs always give the same groups (partition.ts, likelihood.ts). A name is made of what the first failure of the group had,
 * and stays as runs are added. Whoever has written down groups gives them as `known`: then those failures stay where they are,
 * and only others are placed, into these groups or new ones.
 *
 * Literature: Glerum et al., Debugging in the (Very) Large (Windows Error Reporting), SOSP 2009, for names made of the failure
 * itself; Dang et al., ReBucket, ICSE 2012, and Vasiliev et al., TraceSim, 2020, for weighing what is rare more. Their
 * thresholds of similarity are replaced by a likelihood, in which what is rare and what is noise come out of the runs.
 */
import type { Nanos } from '../../model/run.ts'
import { byKind, inWords, kindOf, textOf } from './feature.ts'
import type { Feature, Signature } from './feature.ts'
import { modelOf } from './likelihood.ts'
import type { Model } from './likelihood.ts'
import { partition } from './partition.ts'
import type { Bug, Loose } from './partition.ts'

export interface GroupOptions {
  /** What was found before: run to the name of its group. */
  readonly known?: ReadonlyMap<string, string>
  /** A failure whose messages match one of these is the bug that is hunted: all of them are one group. */
  readonly same?: readonly RegExp[]
  /** A failure whose messages match one of these is another bug: it never is in a group with one that does not. */
  readonly other?: readonly RegExp[]
}

export interface FailureGroup {
  /** Unique among the groups. */
  readonly name: string
  /** Whether the user said so, by `same` or `other`. */
  readonly told: Told | null
  /** In order of time. */
  readonly runs: readonly string[]
  /** When the first and the last of them showed. */
  readonly first: Nanos
  readonly last: Nanos
  /** The run to look at: it has most of what they have in common. */
  readonly example: string
  /** What most of them show, and neither chance nor runs that passed explain; most telling first. */
  readonly common: readonly Feature[]
}

export type Told = 'same' | 'other'

export interface Grouping {
  /** In the order of their first failures. */
  readonly groups: readonly FailureGroup[]
  /** Of each failure, in order of time, its group, and why it is in it, in a clause. */
  readonly failures: readonly { readonly run: string; readonly group: string; readonly why: string }[]
}

/** A group while it is described. */
interface Named {
  readonly name: string
  readonly told: Told | null
  readonly bug: Bug
  /** Indices of its failures, in order of time. */
  readonly members: readonly number[]
  readonly common: readonly Feature[]
}

const MOST_COMMON = 6
const MOST_SHARED = 3
const LONGEST_NAME = 120

/** Groups the failures among the runs; runs that neither failed nor passed are left out. */
export function groupFailures(signatures: readonly Signature[], options: GroupOptions = {}): Grouping {
  const runs = signatures.toSorted(byTime).filter(({ failed, verdict }) => failed || verdict === 'pass')
  const model = modelOf(runs)
  const told = runs.map((run) => (run.failed ? toldBy(run, options) : null))
  const { given, names, loose } = placed(runs, told, model, options)
  const bugs = partition(model, [...given.values()], loose).toSorted((a, b) => firstOf(a) - firstOf(b))

  const credible = model.credibilities(bugs.map(({ bucket }) => bucket))
  const groups: Named[] = []
  const taken = new Set(names.values())
  for (const bug of bugs) {
    const members = [...bug.members].toSorted((a, b) => a - b)
    const name = names.get(bug) ?? nameOf(runs, members[0] ?? 0, taken)
    taken.add(name)
    const common = commonOf(model, bug, credible)
    groups.push({ name, told: told[members[0] ?? 0] ?? null, bug, members, common })
  }
  const groupOf = new Map(groups.flatMap((group) => group.members.map((run) => [run, group] as const)))
  return {
    groups: groups.map((group) => describe(group, runs)),
    failures: runs.flatMap((run, index) => {
      const group = groupOf.get(index)
      if (group === undefined) return []
      return [{ run: run.run, group: group.name, why: reason(index, group, groups, runs, options) }]
    }),
  }
}

const firstOf = ({ members }: Bug): number => Math.min(...members)

/** By the beginning of the run; by its id where that is the same. */
function byTime(a: Signature, b: Signature): number {
  const [one, two] = [BigInt(a.began), BigInt(b.began)]
  return one < two ? -1 : one > two ? 1 : a.run < b.run ? -1 : 1
}

function toldBy({ messages, features }: Signature, { same = [], other = [] }: GroupOptions): Told | null {
  const texts = [...messages, ...features.map(textOf)]
  const matches = (patterns: readonly RegExp[]): boolean =>
    patterns.some((pattern) => texts.some((text) => text.search(pattern) >= 0))
  return matches(other) ? 'other' : matches(same) ? 'same' : null
}

/** The bugs that are given beforehand, and the failures that are still to be placed. */
function placed(
  runs: readonly Signature[],
  told: readonly (Told | null)[],
  model: Model,
  { known }: GroupOptions,
): { given: Map<string, Bug>; names: Map<Bug, string>; loose: Loose[] } {
  const given = new Map<string, Bug>()
  const names = new Map<Bug, string>()
  const loose: Loose[] = []
  for (const [index, { run, failed }] of runs.entries()) {
    if (!failed) continue
    const flock = told[index] ?? ''
    const name = known?.get(run)
    // What the user says now outweighs what was found before.
    const key = flock === 'same' ? 'same' : name === undefined ? undefined : `${flock} ${name}`
    if (key === undefined) {
      loose.push({ run: index, flock })
      continue
    }
    const bug = given.get(key) ?? { flock, fixed: true, members: new Set<number>(), bucket: model.bucket() }
    given.set(key, bug)
    bug.members.add(index)
    model.count(bug.bucket, index, 1)
    if (name !== undefined && !names.has(bug) && ![...names.values()].includes(name)) names.set(bug, name)
  }
  return { given, names, loose }
}

/** A title of the symptom and the most telling thing beside it that no other group is named by. */
function nameOf(runs: readonly Signature[], founder: number, taken: ReadonlySet<string>): string {
  // Runs that came later have no say, lest a name change as they are added.
  const before = runs.slice(0, founder).filter(({ failed }) => !failed)
  const usual = new Set(before.flatMap(({ features }) => features))
  const special = (runs[founder]?.features ?? []).filter((one) => !usual.has(one)).toSorted(byKind)
  const head = special.filter((one) => kindOf(one) === 'symptom').map(textOf)
  const titles = special
    .filter((one) => naming.has(kindOf(one)))
    .map((one) => [...head.slice(0, 1), textOf(one)].join(': '))
  const fallback = head[0] ?? special.filter((one) => kindOf(one) === 'complaint').map(textOf)[0] ?? 'failed'
  const cut = [...titles, fallback].map((title) => title.slice(0, LONGEST_NAME).trim())
  const free = cut.find((title) => !taken.has(title))
  if (free !== undefined) return free
  for (let number = 2; ; number++) {
    const name = `${cut.at(-1)} (${number})`
    if (!taken.has(name)) return name
  }
}

const naming: ReadonlySet<string> = new Set([
  'kernel',
  'error',
  'operation',
  'check',
  'wait',
  'finding',
  'stack',
  'probe',
])

/** What more than half of the failures have that could have it, and that has to do with the bugs. */
function commonOf(model: Model, { bucket }: Bug, credible: Float64Array): Feature[] {
  return model.witnesses
    .filter(
      (_, index) =>
        2 * (bucket.shown[index] ?? 0) > (bucket.looked[index] ?? 0) && (credible[index] ?? 0) > 0.5,
    )
    .flatMap(({ features }) => features)
    .toSorted(byKind)
    .slice(0, MOST_COMMON)
}

/** Why a failure is in its group. */
function reason(
  index: number,
  group: Named,
  groups: readonly Named[],
  runs: readonly Signature[],
  { same = [], other = [], known }: GroupOptions,
): string {
  const run = runs[index]
  if (run === undefined) return ''
  const own = new Set(run.features)
  if (group.told === 'same') return `told to be the same by ${same.map(String).join(' or ')}`
  const told = group.told === 'other' ? `told to be another by ${other.map(String).join(' or ')}; ` : ''
  if (known?.get(run.run) === group.name) return `${told}as it was found before`
  const [founder = index] = group.members
  if (founder !== index) {
    const shared = group.common.filter((one) => own.has(one)).slice(0, MOST_SHARED)
    const both = shared.map(inWords).join(', ')
    return `${told}as ${runs[founder]?.run ?? ''}: ${both === '' ? 'nothing tells them apart' : `both ${both}`}`
  }
  const earlier = groups.filter((one) => one !== group && (one.members[0] ?? 0) < index)
  const sharedWith = (one: Named): number => one.common.filter((feature) => own.has(feature)).length
  const nearest = earlier.toSorted((a, b) => sharedWith(b) - sharedWith(a))[0]
  if (nearest === undefined) return `${told}the first failure`
  const clause = (verb: string, features: readonly Feature[]): string[] =>
    features.length === 0 ? [] : [`${verb} ${features.slice(0, 2).map(inWords).join(' and ')}`]
  const here = group.common.filter((one) => !nearest.common.includes(one))
  const there = nearest.common.filter((one) => !own.has(one))
  const clauses = [...clause('it has', here), ...clause('it lacks', there)]
  return `${told}unlike "${nearest.name}": ${clauses.join(', ') || 'too little in common'}`
}

function describe({ name, told, members, common }: Named, runs: readonly Signature[]): FailureGroup {
  const failures = members.flatMap((index) => runs[index] ?? [])
  const having = ({ features }: Signature): number => common.filter((one) => features.includes(one)).length
  const example = failures.reduce((a, b) => (having(b) >= having(a) ? b : a))
  return {
    name,
    told,
    runs: failures.map(({ run }) => run),
    first: failures[0]?.at ?? '0',
    last: failures.at(-1)?.at ?? '0',
    example: example.run,
    common,
  }
}
