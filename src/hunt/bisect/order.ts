/**
 * What can have brought a behaviour, and which versions contain it. Version i of n is also change i: the one that made
 * version i from what came before it.
 */
export interface Order {
  readonly labels: readonly string[]
  /** Whether version `version` contains change `change`. */
  contains(version: number, change: number): boolean
  /**
   * For every version, the sums of several weights over the changes that it contains.
   * @param weights arrays of one value a change
   */
  sums(weights: readonly Float64Array[], candidates: Int32Array): Float64Array[]
  /** Versions that are worth trying next, given the probability of each change. */
  candidates(probability: Float64Array): Int32Array
}

/** Versions one after another: each contains its own change and those of all before it. */
export function line(labels: readonly string[]): Order {
  const all = Int32Array.from(labels, (_, index) => index)
  return {
    labels,
    contains: (version, change) => change <= version,
    sums: (weights) =>
      weights.map((weight) => {
        let sum = 0
        return weight.map((one) => (sum += one))
      }),
    candidates: () => all,
  }
}

/** Up to this many changes, each version of a graph is looked at; of longer histories a selection is. */
const ALL_UP_TO = 2000
const SELECTED = 48

/**
 * Versions with branches and merges, oldest first.
 * @param parents indices of the parents of each version; a parent comes before its children
 */
export function graph(labels: readonly string[], parents: readonly (readonly number[])[]): Order {
  if (parents.every((list, index) => index === 0 || (list.length === 1 && list[0] === index - 1)))
    return line(labels)
  const known = new Map<number, Uint8Array>()
  /** One for each change that the version contains. */
  const ancestors = (version: number): Uint8Array => {
    const found = known.get(version)
    if (found !== undefined) return found
    const marks = new Uint8Array(labels.length)
    const open = [version]
    marks[version] = 1
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const parent of parents[next] ?? []) {
        if (marks[parent] === 1) continue
        marks[parent] = 1
        open.push(parent)
      }
    }
    known.set(version, marks)
    return marks
  }
  return {
    labels,
    contains: (version, change) => ancestors(version)[change] === 1,
    sums: (weights, candidates) => {
      const sums = weights.map(() => new Float64Array(labels.length))
      for (const version of candidates) {
        const marks = ancestors(version)
        for (const [index, weight] of weights.entries()) {
          let sum = 0
          for (let change = 0; change <= version; change++)
            if (marks[change] === 1) sum += weight[change] as number
          ;(sums[index] as Float64Array)[version] = sum
        }
      }
      return sums
    },
    candidates: (probability) => {
      if (labels.length <= ALL_UP_TO) return Int32Array.from(labels, (_, index) => index)
      // At even steps of the probability so far, which is about what a version contains, and the likeliest themselves.
      const selected = new Set<number>()
      let sum = 0
      for (const [index, one] of probability.entries()) {
        const before = Math.floor(sum * SELECTED)
        sum += one
        if (Math.floor(sum * SELECTED) > before) selected.add(index)
      }
      const likeliest = Array.from(probability.keys())
        .filter((index) => (probability[index] as number) > 1 / SELECTED)
        .toSorted((a, b) => (probability[b] as number) - (probability[a] as number))
      for (const index of likeliest.slice(0, 8))
        for (const one of [index, ...(parents[index] ?? [])]) selected.add(one)
      return Int32Array.from(selected).toSorted()
    },
  }
}
