/** Rules in words. */
import type { Rule } from './belief.ts'
import { type Literal, type Space, holds } from './space.ts'

/** "that A = x and B = y bring it", or "that no factor matters". */
export function phraseOf(space: Space, { how, literals }: Pick<Rule, 'how' | 'literals'>): string {
  return how === 'none' ? 'that no factor matters' : `that it takes ${conditionOf(space, how, literals)}`
}

/** "A = x and B = y", "A = x or B = y". */
export function conditionOf(space: Space, how: Rule['how'], literals: readonly Literal[]): string {
  const parts = literals.map((literal) => literalText(space, literal))
  if (how === 'more') return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
  return parts.join(how === 'either' ? ' or ' : ' and ')
}

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
