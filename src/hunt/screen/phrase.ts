/** Rules in words. */
import type { Rule } from './rule.ts'
import { type Literal, type Space, holds } from './space.ts'

/** "that it takes A = x and B = y", or "that no factor matters". */
export function phraseOf(space: Space, rule: Pick<Rule, 'how' | 'literals' | 'high'>): string {
  return rule.how === 'none' ? 'that no factor matters' : `that it takes ${conditionOf(space, rule)}`
}

/** "A = x and B = y", "A = x, B = y or C = z", "(A = x or B = y) and C = z". */
export function conditionOf(space: Space, { literals, high }: Pick<Rule, 'literals' | 'high'>): string {
  const [first = '', second, third] = literals.map((literal) => literalText(space, literal))
  if (second === undefined) return first
  if (third === undefined) return `${first} ${isAll(high) ? 'and' : 'or'} ${second}`
  // The third takes the pair with it, or does without; the cells of the pair are then those with it, or those without.
  const withPair = !high.slice(0, 4).includes(true)
  const pairAll = isAll(withPair ? high.slice(4) : high.slice(0, 4))
  const [inner, outer] = [pairAll, withPair].map((all) => (all ? 'and' : 'or'))
  if (inner !== outer) return `(${first} ${inner} ${second}) ${outer} ${third}`
  const [one, two, three] = literals
    .toSorted((a, b) => a.factor - b.factor)
    .map((literal) => literalText(space, literal))
  return `${one}, ${two} ${outer} ${three}`
}

/** Cells are numbered by which literals hold in them: in the last all do. */
export const isAll = (high: readonly boolean[]): boolean => high.indexOf(true) === high.length - 1

/** "A = x", "A in x, y" or "A != x", whichever is shortest. */
function literalText(space: Space, { factor, mask }: Literal): string {
  const name = space.names[factor] ?? ''
  const levels = space.levels[factor] ?? []
  const [yes, no] = [1, 0].map((wanted) =>
    levels.filter((_, level) => holds(mask, level) === wanted).map(String),
  )
  if (yes?.length === 1) return `${name} = ${yes[0]}`
  if (no?.length === 1) return `${name} != ${no[0]}`
  return `${name} in {${yes?.join(', ')}}`
}
