/** Why a point is run, in a sentence. */
import { type Rule, cellOf } from './rule.ts'
import { percent } from '../tally.ts'
import { phraseOf } from './phrase.ts'
import type { Levels, Space } from './space.ts'

/** Below this no rule is worth a name. */
const WORTH_A_NAME = 0.02

/** The two rules, by weight, whose expected rates lie furthest apart at the point. */
export function whyOf(space: Space, rules: readonly Rule[], levels: Levels): string {
  const expected = rules
    .filter(({ weight }) => weight >= WORTH_A_NAME)
    .map((rule) => ({ rule, rate: rule.rates[cellOf(rule.literals, levels)] ?? 0 }))
  let best: { readonly gain: number; readonly a: number; readonly b: number } = { gain: 0, a: 0, b: 0 }
  for (const [a, one] of expected.entries()) {
    for (const [b, other] of expected.entries()) {
      const gain = one.rule.weight * other.rule.weight * (one.rate - other.rate) ** 2
      if (b > a && gain > best.gain) best = { gain, a, b }
    }
  }
  const [one, other] = [expected[best.a], expected[best.b]]
  const name = ({ rule, rate }: (typeof expected)[number]): string =>
    `${phraseOf(space, rule)} (${percent(rule.weight)} likely) expects it in ${percent(rate)} of such runs`
  if (best.gain > 0 && one !== undefined && other !== undefined) return `${name(one)}, ${name(other)}`
  const [first] = expected
  return first !== undefined && first.rule.weight > 0.5
    ? `${name(first)}, and the many others that are left expect other shares`
    : 'no factor stands out yet: this combination divides the many that may matter'
}
