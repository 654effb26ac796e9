/** Functions of the subset: arguments and result, as in promql/parser/functions.go of Prometheus 2.42. */
import type { ExprType } from './ast.ts'

export interface Signature {
  readonly args: readonly Exclude<ExprType, 'invalid'>[]
  /** How many of the last argument may be left out or repeated: 0 none, 1 optional, -1 any number. */
  readonly variadic: 0 | 1 | -1
  readonly returns: 'scalar' | 'vector'
}

const ofVector: Signature = { args: ['vector'], variadic: 0, returns: 'vector' }
const ofRange: Signature = { args: ['matrix'], variadic: 0, returns: 'vector' }

export const signatures = {
  abs: ofVector,
  absent: ofVector,
  absent_over_time: ofRange,
  avg_over_time: ofRange,
  ceil: ofVector,
  changes: ofRange,
  clamp: { args: ['vector', 'scalar', 'scalar'], variadic: 0, returns: 'vector' },
  clamp_max: { args: ['vector', 'scalar'], variadic: 0, returns: 'vector' },
  clamp_min: { args: ['vector', 'scalar'], variadic: 0, returns: 'vector' },
  count_over_time: ofRange,
  delta: ofRange,
  deriv: ofRange,
  exp: ofVector,
  floor: ofVector,
  idelta: ofRange,
  increase: ofRange,
  irate: ofRange,
  label_join: { args: ['vector', 'string', 'string', 'string'], variadic: -1, returns: 'vector' },
  label_replace: {
    args: ['vector', 'string', 'string', 'string', 'string'],
    variadic: 0,
    returns: 'vector',
  },
  last_over_time: ofRange,
  ln: ofVector,
  log10: ofVector,
  log2: ofVector,
  max_over_time: ofRange,
  min_over_time: ofRange,
  predict_linear: { args: ['matrix', 'scalar'], variadic: 0, returns: 'vector' },
  present_over_time: ofRange,
  quantile_over_time: { args: ['scalar', 'matrix'], variadic: 0, returns: 'vector' },
  rate: ofRange,
  resets: ofRange,
  round: { args: ['vector', 'scalar'], variadic: 1, returns: 'vector' },
  scalar: { args: ['vector'], variadic: 0, returns: 'scalar' },
  sgn: ofVector,
  sort: ofVector,
  sort_desc: ofVector,
  sqrt: ofVector,
  stddev_over_time: ofRange,
  stdvar_over_time: ofRange,
  sum_over_time: ofRange,
  time: { args: [], variadic: 0, returns: 'scalar' },
  timestamp: ofVector,
  vector: { args: ['scalar'], variadic: 0, returns: 'vector' },
} as const satisfies Record<string, Signature>

export type FunctionName = keyof typeof signatures
export const functionNames = Object.keys(signatures)
export const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(signatures, name)

/** Functions that Prometheus 2.42 has and this subset has not; said so rather than called misspelt. */
export const otherPrometheusFunctions: ReadonlySet<string> = new Set(
  `acos acosh asin asinh atan atanh cos cosh day_of_month day_of_week day_of_year days_in_month deg
  histogram_count histogram_fraction histogram_quantile histogram_sum holt_winters hour minute month pi rad sin
  sinh tan tanh year`.split(/\s+/),
)
