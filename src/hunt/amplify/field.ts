/**
 * What is believed of the occurrences per second of all settings at once: their logarithms are a Gaussian process, whose
 * covariance says that settings that share levels, or have neighbouring ones, behave alike; occurrences are Poisson in
 * the machine time, so that a quiet run counts by its length. Laplace's approximation at the mode (Rasmussen and
 * Williams, Gaussian Processes for Machine Learning, 2006, algorithm 3.1).
 */
import type { Random } from '../../base/random.ts'
import type { Level } from '../../model/hunt.ts'
import type { Setting } from './settings.ts'

/** Standard deviations of the natural logarithm of the rate: of all, of each factor, and of each setting by itself. */
const DEVIATION = { all: 3, factor: 1, setting: 0.6 }
/** Neighbouring levels of a factor of numbers are so far alike. */
const NEIGHBOURS = 0.7

export interface Exposure {
  readonly shown: number
  readonly seconds: number
}

/** Mean and covariance of the log rates, the covariance by its lower Cholesky factor, row by row. */
export interface Field {
  readonly mean: Float64Array
  readonly root: Float64Array
}

export function covarianceOf(
  settings: readonly Setting[],
  factors: Readonly<Record<string, readonly Level[]>>,
): Float64Array {
  const count = settings.length
  const ordered = Object.values(factors).map((levels) => levels.every((level) => typeof level === 'number'))
  const covariance = new Float64Array(count * count)
  for (const [i, one] of settings.entries()) {
    for (const [j, other] of settings.entries()) {
      let sum = DEVIATION.all ** 2 + (i === j ? DEVIATION.setting ** 2 : 0)
      for (const [factor, level] of one.levels.entries()) {
        const apart = Math.abs(level - (other.levels[factor] ?? 0))
        if (apart === 0) sum += DEVIATION.factor ** 2
        else if (ordered[factor] === true) sum += DEVIATION.factor ** 2 * NEIGHBOURS ** apart
      }
      covariance[i * count + j] = sum
    }
  }
  return covariance
}

const STEPS = 30
const CLOSE = 1e-6

/** `guess` is the log rate that is expected of a setting nobody has run. */
export function fieldOf(covariance: Float64Array, exposures: readonly Exposure[], guess: number): Field {
  const count = exposures.length
  let mean = new Float64Array(count).fill(guess)
  for (let step = 0; step < STEPS; step++) {
    const next = newton(covariance, exposures, mean, guess)
    // Never more than two at once: the exponential makes long steps overshoot.
    let moved = 0
    const taken = mean.map((value, at) => {
      const change = Math.max(-2, Math.min(2, (next[at] ?? 0) - value))
      moved = Math.max(moved, Math.abs(change))
      return value + change
    })
    mean = taken
    if (moved < CLOSE) break
  }
  return { mean, root: cholesky(posterior(covariance, curvatures(exposures, mean)), count) }
}

const curvatures = (exposures: readonly Exposure[], mean: Float64Array): Float64Array =>
  Float64Array.from(exposures, ({ seconds }, at) => seconds * Math.exp(mean[at] ?? 0))

/** One step to the mode: K (b - W^1/2 B^-1 W^1/2 K b) with b = W (f - guess) + gradient. */
function newton(
  covariance: Float64Array,
  exposures: readonly Exposure[],
  mean: Float64Array,
  guess: number,
): Float64Array {
  const count = exposures.length
  const weights = curvatures(exposures, mean)
  const roots = weights.map(Math.sqrt)
  const b = weights.map(
    (weight, at) => weight * ((mean[at] ?? 0) - guess) + (exposures[at]?.shown ?? 0) - weight,
  )
  const lower = cholesky(inner(covariance, roots), count)
  const half = times(covariance, b, count).map((value, at) => value * (roots[at] ?? 0))
  const solved = backward(lower, forward(lower, half, count), count)
  const a = b.map((value, at) => value - (roots[at] ?? 0) * (solved[at] ?? 0))
  return times(covariance, a, count).map((value) => value + guess)
}

/** I + W^1/2 K W^1/2. */
const inner = (covariance: Float64Array, roots: Float64Array): Float64Array => {
  const count = roots.length
  return covariance.map((value, at) => {
    const [i, j] = [Math.floor(at / count), at % count]
    return value * (roots[i] ?? 0) * (roots[j] ?? 0) + (i === j ? 1 : 0)
  })
}

/** (K^-1 + W)^-1 = K - V'V with V = L^-1 W^1/2 K. */
function posterior(covariance: Float64Array, weights: Float64Array): Float64Array {
  const count = weights.length
  const roots = weights.map(Math.sqrt)
  const lower = cholesky(inner(covariance, roots), count)
  const columns = Array.from({ length: count }, (_, j) =>
    forward(
      lower,
      roots.map((root, i) => root * (covariance[i * count + j] ?? 0)),
      count,
    ),
  )
  const result = covariance.slice()
  for (const [i, one] of columns.entries()) {
    for (const [j, other] of columns.entries()) {
      let sum = 0
      for (let k = 0; k < count; k++) sum += (one[k] ?? 0) * (other[k] ?? 0)
      result[i * count + j] = (result[i * count + j] ?? 0) - sum + (i === j ? 1e-9 : 0)
    }
  }
  return result
}

function cholesky(matrix: Float64Array, count: number): Float64Array {
  const lower = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * count + j] ?? 0
      for (let k = 0; k < j; k++) sum -= (lower[i * count + k] ?? 0) * (lower[j * count + k] ?? 0)
      lower[i * count + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (lower[j * count + j] ?? 1)
    }
  }
  return lower
}

function times(matrix: Float64Array, vector: Float64Array, count: number): Float64Array {
  return vector.map((_, i) => {
    let sum = 0
    for (let j = 0; j < count; j++) sum += (matrix[i * count + j] ?? 0) * (vector[j] ?? 0)
    return sum
  })
}

function forward(lower: Float64Array, vector: Float64Array, count: number): Float64Array {
  const result = vector.slice()
  for (let i = 0; i < count; i++) {
    let sum = result[i] ?? 0
    for (let k = 0; k < i; k++) sum -= (lower[i * count + k] ?? 0) * (result[k] ?? 0)
    result[i] = sum / (lower[i * count + i] ?? 1)
  }
  return result
}

function backward(lower: Float64Array, vector: Float64Array, count: number): Float64Array {
  const result = vector.slice()
  for (let i = count - 1; i >= 0; i--) {
    let sum = result[i] ?? 0
    for (let k = i + 1; k < count; k++) sum -= (lower[k * count + i] ?? 0) * (result[k] ?? 0)
    result[i] = sum / (lower[i * count + i] ?? 1)
  }
  return result
}

/** Log rates of all settings, drawn together. */
export function draw({ mean, root }: Field, random: Random): Float64Array {
  const count = mean.length
  const normals = Float64Array.from(mean, () => normal(random))
  return mean.map((value, i) => {
    let sum = value
    for (let k = 0; k <= i; k++) sum += (root[i * count + k] ?? 0) * (normals[k] ?? 0)
    return sum
  })
}

/** Box and Muller. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
