/**
 * Histograms with a fixed number of significant digits over a huge range, as HdrHistogram has them.
 *
 * Arithmetic and rounding are those of org.HdrHistogram.AbstractHistogram 2.2.2, so that a percentile here is the one
 * that Java prints: values of a bucket are equivalent; a percentile is the highest of them, the mean takes the middle.
 * Only buckets that hold something are kept: a log has thousands of intervals, and each a few hundred of these.
 */

/** Which values fall into which bucket. */
export interface Geometry {
  /** Significant decimal digits, 0 to 5. */
  readonly digits: number
  /** Power of two of the smallest step. */
  readonly unitMagnitude: number
  /** Power of two of half the sub-buckets that each bucket has. */
  readonly halfMagnitude: number
}

export interface Histogram {
  readonly geometry: Geometry
  /** Places of the buckets that are not empty, ascending. */
  readonly indexes: Int32Array
  /** How often each was hit. */
  readonly counts: Float64Array
  readonly total: number
}

/** The geometry for values from `lowest` (at least 1) that differ in `digits` significant digits. */
export function geometryOf(digits: number, lowest: number): Geometry {
  const magnitude = Math.ceil(Math.log2(2 * 10 ** digits))
  return {
    digits,
    unitMagnitude: Math.floor(Math.log2(lowest)),
    halfMagnitude: Math.max(magnitude, 1) - 1,
  }
}

interface Bucket {
  /** The lowest value in it. */
  readonly low: number
  /** How many integers are in it. */
  readonly size: number
}

/** The bucket at a place. */
export function bucketAt({ unitMagnitude, halfMagnitude }: Geometry, index: number): Bucket {
  const half = 2 ** halfMagnitude
  const bucket = Math.floor(index / half) - 1
  const size = 2 ** (Math.max(0, bucket) + unitMagnitude)
  return { low: (bucket < 0 ? index : (index % half) + half) * size, size }
}

/** The place of the bucket that has this value. */
export function indexOf({ unitMagnitude, halfMagnitude }: Geometry, value: number): number {
  const half = 2 ** halfMagnitude
  let bucket = 0
  let sub = Math.floor(value / 2 ** unitMagnitude)
  while (sub >= 2 * half) {
    sub = Math.floor(sub / 2)
    bucket++
  }
  return bucket * half + sub
}

/** All of them together, with the fewest digits and the largest step of any; undefined for none. */
export function union(histograms: readonly Histogram[]): Histogram | undefined {
  const [first, ...others] = histograms
  if (first === undefined || others.length === 0) return first
  const geometries = histograms.map((one) => one.geometry)
  const geometry = geometryOf(
    Math.min(...geometries.map(({ digits }) => digits)),
    2 ** Math.max(...geometries.map(({ unitMagnitude }) => unitMagnitude)),
  )
  const placed = histograms.map((one) => inGeometry(one, geometry))
  const longest = placed.reduce((most, { indexes }) => Math.max(most, (indexes.at(-1) ?? 0) + 1), 0)
  const sums = new Float64Array(longest)
  let total = 0
  for (const { indexes, counts, total: part } of placed) {
    for (let i = 0; i < indexes.length; i++) {
      const at = indexes[i] ?? 0
      sums[at] = (sums[at] ?? 0) + (counts[i] ?? 0)
    }
    total += part
  }
  return fromCounts(geometry, sums, total)
}

/** From the counts of all places, most of which are 0. */
export function fromCounts(geometry: Geometry, sums: Float64Array, total: number): Histogram {
  const indexes: number[] = []
  for (let i = 0; i < sums.length; i++) if (sums[i] !== 0) indexes.push(i)
  return {
    geometry,
    indexes: Int32Array.from(indexes),
    counts: Float64Array.from(indexes, (index) => sums[index] ?? 0),
    total,
  }
}

function inGeometry(histogram: Histogram, geometry: Geometry): Histogram {
  const { geometry: own, indexes } = histogram
  if (own.digits === geometry.digits && own.unitMagnitude === geometry.unitMagnitude) return histogram
  return { ...histogram, indexes: indexes.map((index) => indexOf(geometry, bucketAt(own, index).low)) }
}

/** The value that `level` percent of all do not exceed; 0 of an empty histogram. */
export function percentile({ geometry, indexes, counts, total }: Histogram, level: number): number {
  // A level that is a hair too high, as 99.9 is in binary, must not count one more than was meant.
  const wanted = Math.max(1, Math.ceil((Math.min(level, 100) * (1 - Number.EPSILON) * total) / 100))
  let seen = 0
  for (let i = 0; i < indexes.length; i++) {
    seen += counts[i] ?? 0
    if (seen < wanted) continue
    const { low, size } = bucketAt(geometry, indexes[i] ?? 0)
    return level === 0 ? low : low + size - 1
  }
  return 0
}

export const minimum = (histogram: Histogram): number => percentile(histogram, 0)

export const maximum = (histogram: Histogram): number => percentile(histogram, 100)

/** Arithmetic mean; 0 of an empty histogram. */
export function mean(histogram: Histogram): number {
  if (histogram.total === 0) return 0
  let sum = 0
  for (const { middle, count } of buckets(histogram)) sum += middle * count
  return sum / histogram.total
}

/** Standard deviation of all values, not of a sample; 0 of an empty histogram. */
export function deviation(histogram: Histogram): number {
  if (histogram.total === 0) return 0
  const centre = mean(histogram)
  let sum = 0
  for (const { middle, count } of buckets(histogram)) sum += (middle - centre) ** 2 * count
  return Math.sqrt(sum / histogram.total)
}

/** Buckets that are not empty, from the lowest to the highest value. */
export function* buckets({ geometry, indexes, counts }: Histogram): Generator<{
  readonly low: number
  readonly middle: number
  readonly high: number
  readonly count: number
}> {
  for (let i = 0; i < indexes.length; i++) {
    const { low, size } = bucketAt(geometry, indexes[i] ?? 0)
    yield { low, middle: low + Math.floor(size / 2), high: low + size - 1, count: counts[i] ?? 0 }
  }
}
