/**
 * Chance by simulation, for series that the table does not know: few values, or many that are equal, such as pass or
 * fail. The values of each level are dealt out anew in the order of noise with the same memory (surrogates with the
 * amplitudes of the data: Theiler et al., Physica D 58, 1992). Without memory this is a permutation test, which is exact.
 */
import { seededRandom } from '../../base/random.ts'
import { normal, remembering } from './noise.ts'
import { kinds, scan, type Fit, type Kind } from './scan.ts'

const MOST_SERIES = 1999
/** Gains that were all exceeded so often are not rare (Besag and Clifford, Biometrika 78, 1991). */
const ENOUGH = 20

/** Probability that chance exceeds the gain of each cut of a fit; it is a rough one when they are exceeded `enough` times. */
export function shuffled(
  values: Float64Array,
  { bounds, cuts }: Fit,
  memory: number,
  enough = ENOUGH,
): Partial<Record<Kind, number>> {
  const next = normal(seededRandom(values.length))
  const levels = bounds.slice(1).map((to, index) => values.slice(bounds[index], to).sort())
  // Noise that is cut into two halves keeps 2 / pi sin^-1 of its correlation (Sheppard); this gives it back.
  const latent = Math.sin((Math.PI / 2) * memory)
  const asked = kinds.flatMap((kind) => {
    const gain = cuts[kind]?.gain
    return gain === undefined ? [] : [{ kind, gain: gain - 1e-9, exceeded: 0 }]
  })
  let series = 0
  while (series < MOST_SERIES && asked.some(({ exceeded }) => exceeded < enough)) {
    series++
    const chance = scan(deal(levels, remembering(values.length, latent, next)), bounds).cuts
    for (const one of asked) if ((chance[one.kind]?.gain ?? 0) >= one.gain) one.exceeded++
  }
  return Object.fromEntries(asked.map(({ kind, exceeded }) => [kind, (exceeded + 1) / (series + 1)]))
}

/** The values of each level, given in ascending order, in the order of the ranks of `noise`. */
function deal(levels: readonly Float64Array[], noise: Float64Array): Float64Array {
  const dealt = new Float64Array(noise.length)
  let from = 0
  for (const ascending of levels) {
    const part = noise.subarray(from, from + ascending.length)
    const order = Array.from(part.keys()).sort((a, b) => (part[a] ?? 0) - (part[b] ?? 0))
    for (const [rank, index] of order.entries()) dealt[from + index] = ascending[rank] ?? 0
    from += ascending.length
  }
  return dealt
}
