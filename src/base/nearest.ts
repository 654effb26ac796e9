/** What a misspelt name was probably meant to be. */

/** Longer names are never misspellings of ours, and the distance is quadratic. */
const LONGEST = 64

/** Candidates that are looked at: nobody has more names, and a hint is not worth a second. */
const MOST = 1000

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours
 * (Damerau 1964, restricted so that no part is edited twice).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? 0
}

/** The candidate nearest to `name`, or `undefined` when none is near: a third of its letters may be wrong. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > LONGEST) return undefined
  const wanted = fold(name)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  let compared = 0
  for (const candidate of candidates) {
    compared += 1
    if (compared > MOST) break
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(wanted, fold(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

const fold = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '.')

/** ``did you mean `x`?``, or else what there is to choose from, or that there is nothing. */
export function hintFor(name: string, candidates: readonly string[]): string {
  const best = nearest(name, candidates)
  if (best !== undefined) return `did you mean \`${best}\`?`
  if (candidates.length === 0) return 'there is none to choose from'
  const shown = candidates.slice(0, 30)
  const rest = candidates.length - shown.length
  return `expected one of ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
