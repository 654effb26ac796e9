/** What is known so far: the leading set of factors, how sure it is, and its rates. */
import { pointText, type Answer, type LabelledRate, type Level, type Rate } from '../../model/hunt.ts'
import { confidenceSequence } from '../stats/confidence-sequence.ts'
import { runsText } from '../tally.ts'
import { type How, type Rule, cellOf } from './rule.ts'
import { conditionOf, isAll } from './phrase.ts'
import { type Literal, type Observation, type Space, holds, pointOf } from './space.ts'

export interface ScreenResult {
  /** What matters. Entries of one factor are alternatives: one of these levels. Empty when nothing does. */
  readonly active: readonly { readonly factor: string; readonly level: Level }[]
  readonly how: How
  /** The factors act only, or most, with each other. */
  readonly together: boolean
  /** Runs at which the condition held; `null` when no factor matters. */
  readonly with: Rate | null
  readonly without: Rate
}

/** Rules with the same factors and levels that act alike. */
export interface Group {
  readonly how: How
  readonly literals: readonly Literal[]
  /** That it is right, though rules of other kinds were likelier beforehand. */
  readonly probability: number
  /** The most probable of them. */
  readonly rule: Rule
}

/** Of the weight of the leading rule. */
const WORTH_A_GROUP = 1e-4
/**
 * How many times likelier beforehand the rules of other kinds may be, against the leading one, than they are taken for:
 * each factor is as likely as another, but how many act, and how, is a guess. See prior.ts for what it promises.
 */
const DOUBT = 2

export function leading(rules: readonly Rule[]): Group | undefined {
  const groups = new Map<string, { how: How; literals: readonly Literal[]; weight: number; rule: Rule }>()
  for (const rule of rules) {
    // Sorted by weight: the rest together could not lead.
    if (rule.weight < WORTH_A_GROUP * (rules[0]?.weight ?? 0)) break
    const literals = rule.literals.toSorted((a, b) => a.factor - b.factor)
    const key = `${rule.how} ${rule.high.join()} ${rule.literals.map(({ factor, mask }) => `${factor}:${mask}`).join()}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { how: rule.how, literals, weight: rule.weight, rule })
    else group.weight += rule.weight
  }
  const [first] = [...groups.values()].toSorted((a, b) => b.weight - a.weight)
  if (first === undefined) return undefined
  const { how, literals, weight, rule } = first
  // Also of the rules that are left out.
  const others = 1 - sumWhere(rules, (other) => other.how === how)
  return { how, literals, rule, probability: weight / (1 + (DOUBT - 1) * others) }
}

interface Known {
  readonly space: Space
  readonly rules: readonly Rule[]
  readonly observations: readonly Observation[]
  readonly confidence: number
  /** What the best next run tells, in nats, and the least that is worth a run. */
  readonly information: number
  readonly least: number
}

export function answerOf(known: Known): Answer {
  const { space, rules, observations, confidence, information, least } = known
  const group = leading(rules)
  if (group === undefined) throw new Error('there is always the rule that no factor matters')
  const sure = group.probability >= confidence
  const running = observations.some(({ outcome }) => outcome === 'running')
  const done = sure || (information < least && !running)
  const result = resultOf(space, group, observations, confidence)
  return {
    done,
    sure,
    result,
    probability: group.probability,
    sentence: sentenceOf(known, group, result, done),
    runsToGo: done ? 0 : runsToGo(rules, confidence, information, least),
    picture: {
      type: 'posterior',
      over: 'factor',
      bars: [
        ...space.names.flatMap((label, factor) =>
          (space.levels[factor]?.length ?? 0) < 2
            ? []
            : {
                label,
                probability: sumWhere(rules, ({ literals }) => literals.some((one) => one.factor === factor)),
              },
        ),
        { label: 'none', probability: sumWhere(rules, ({ how }) => how === 'none') },
      ],
      rates: ratesBy(space, group.literals, observations, confidence),
    },
  }
}

/** How often it came at each combination of levels of the factors that lead, as far as it was tried. */
function ratesBy(
  space: Space,
  literals: readonly Literal[],
  observations: readonly Observation[],
  confidence: number,
): LabelledRate[] {
  const told = observations.filter(({ outcome }) => outcome === 'shown' || outcome === 'clean')
  const labelOf = ({ levels }: Observation): string => {
    const own = new Set(literals.map(({ factor }) => space.names[factor] ?? ''))
    const point = Object.entries(pointOf(space, levels)).filter(([name]) => own.has(name))
    return point.length === 0 ? 'all runs' : pointText(Object.fromEntries(point))
  }
  return [...Map.groupBy(told, labelOf)]
    .map(([label, runs]) => {
      const shown = runs.filter(({ outcome }) => outcome === 'shown').length
      const interval = confidenceSequence(shown, runs.length, confidence)
      return { label, shown, runs: runs.length, ...interval, course: [] }
    })
    .toSorted((a, b) => b.shown / b.runs - a.shown / a.runs || b.runs - a.runs)
}

const sumWhere = (rules: readonly Rule[], which: (rule: Rule) => boolean): number =>
  Math.min(
    1,
    rules.filter(which).reduce((sum, { weight }) => sum + weight, 0),
  )

function resultOf(
  space: Space,
  group: Group,
  observations: readonly Observation[],
  confidence: number,
): ScreenResult {
  const counts = [
    { shown: 0, runs: 0 },
    { shown: 0, runs: 0 },
  ]
  for (const { levels, outcome } of observations) {
    if (outcome !== 'shown' && outcome !== 'clean') continue
    const held = group.rule.high[cellOf(group.rule.literals, levels)] === true ? 1 : 0
    const count = counts[held]
    if (count === undefined) continue
    count.runs++
    if (outcome === 'shown') count.shown++
  }
  const [without, held] = counts.map((count) => ({
    ...count,
    ...confidenceSequence(count.shown, count.runs, confidence),
  }))
  if (without === undefined || held === undefined) throw new Error('two counts make two rates')
  return {
    active: group.literals.flatMap(({ factor, mask }) =>
      (space.levels[factor] ?? []).flatMap((level, at) =>
        holds(mask, at) === 1 ? [{ factor: space.names[factor] ?? '', level }] : [],
      ),
    ),
    how: group.how,
    together: group.literals.length > 1 && isAll(group.rule.high),
    with: group.how === 'none' ? null : held,
    without,
  }
}

function sentenceOf({ space, confidence }: Known, group: Group, result: ScreenResult, done: boolean): string {
  if ((result.with?.runs ?? 0) + result.without.runs === 0) return 'Nothing is known yet.'
  const claim = claimOf(space, group, result)
  if (group.probability >= confidence) return `${claim}.`
  const percent = (100 * group.probability).toFixed(group.probability < 0.1 ? 1 : 0)
  if (done)
    return `No run that can be made tells more. At least ${percent} % likely: ${decapitalised(claim)}.`
  return `Not sure yet; at least ${percent} % likely: ${decapitalised(claim)}.`
}

const decapitalised = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

function claimOf(space: Space, { rule }: Group, { with: held, without }: ScreenResult): string {
  if (held === null) {
    const { shown, runs, high } = without
    if (shown === 0)
      return `It never came in ${runsText(runs)}, whatever the factors: they leave it below ${(100 * high).toPrecision(2)} %`
    return `None of the factors matters: it came in ${shown} of ${runsText(runs)}, whatever their levels`
  }
  const rates = `${held.shown} of ${runsText(held.runs)}, against ${without.shown} of ${without.runs} otherwise`
  return `It comes when ${conditionOf(space, rule)}: ${rates}`
}

/** Entropy that is to go over what the next run takes of it. */
function runsToGo(
  rules: readonly Rule[],
  confidence: number,
  information: number,
  least: number,
): number | null {
  if (information < least) return null
  const entropy = rules.reduce((sum, { weight }) => sum - weight * Math.log(weight), 0)
  const left = -confidence * Math.log(confidence) - (1 - confidence) * Math.log(1 - confidence)
  return Math.max(1, Math.ceil((entropy - left) / information))
}
