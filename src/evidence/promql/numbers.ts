/** Arithmetic where Go and JavaScript differ, and the sums of Prometheus. */

/** Go's math.Pow: 1 to any power, and anything to the power 0, is 1, also with NaN. */
export function power(base: number, exponent: number): number {
  if (base === 1 || exponent === 0) return 1
  if (base === -1 && (exponent === Number.POSITIVE_INFINITY || exponent === Number.NEGATIVE_INFINITY)) {
    return 1
  }
  return base ** exponent
}

/** Go's math.Max: infinity wins over NaN. */
export const maximum = (a: number, b: number): number =>
  a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(a, b)

/** Go's math.Min: negative infinity wins over NaN. */
export const minimum = (a: number, b: number): number =>
  a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(a, b)

export const isInfinite = (value: number): boolean => value - value !== 0 && value === value

/** A sum with Neumaier's compensation, which Prometheus uses over time. */
export class CompensatedSum {
  sum = 0
  compensation = 0

  add(value: number): void {
    const total = this.sum + value
    this.compensation +=
      Math.abs(this.sum) >= Math.abs(value) ? this.sum - total + value : value - total + this.sum
    this.sum = total
  }

  /** The compensation is NaN once the sum is infinite. */
  get value(): number {
    return isInfinite(this.sum) ? this.sum : this.sum + this.compensation
  }
}

/** Whether a mean is infinite and stays so with one more value: only the opposite infinity and NaN change it. */
export function keepsInfiniteMean(mean: number, value: number): boolean {
  if (!isInfinite(mean)) return false
  if (isInfinite(value)) return mean > 0 === value > 0
  return value === value
}

/** Order of values with NaN first. */
export const compareValues = (a: number, b: number): number =>
  a !== a ? (b !== b ? 0 : -1) : b !== b ? 1 : a < b ? -1 : a > b ? 1 : 0

/** The quantile by linear interpolation, NaN being the least value; sorts `values`. Below 0 it is -Inf, above 1 +Inf. */
export function quantile(q: number, values: Float64Array): number {
  const { length } = values
  if (length === 0 || q !== q) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  if (q > 1) return Number.POSITIVE_INFINITY
  // Typed arrays sort NaN to the end.
  values.sort()
  let numbers = length
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--
  const rank = q * (length - 1)
  const lower = Math.floor(rank)
  const weight = rank - lower
  const at = (index: number): number => values[Math.min(index, length - 1) - (length - numbers)] ?? Number.NaN
  return at(lower) * (1 - weight) + at(lower + 1) * weight
}

/** Decimal digits without an exponent, as Go's strconv.FormatFloat(v, 'f', -1, 64). */
export function formatDecimal(value: number): string {
  if (value !== value) return 'NaN'
  if (isInfinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value))
  if (match === null) return String(value)
  const [, sign = '', lead = '', rest = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  const digits = lead + rest
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${sign}${digits.padEnd(exponent + 1, '0')}`
}
