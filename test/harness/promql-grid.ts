/** A systematic grid of expressions to compare with Prometheus. */
import {
  selectors,
  matched,
  rangeFunctions,
  instantFunctions,
  aggregators,
  groupings,
  arithmetic,
  comparisons,
  numbers,
  ranges,
} from './promql-parts.ts'
import { precedenceExpressions, refusedExpressions } from './promql-special.ts'

/** Every function, operator and modifier at least once on every kind of series it may meet. */
export function gridExpressions(): string[] {
  const list = [...selectors, ...matched]
  for (const selector of selectors) {
    for (const name of rangeFunctions)
      list.push(`${name}(${selector}[1m])`, `${name}(${selector}[5m] offset 2m)`)
    for (const name of instantFunctions) list.push(`${name}(${selector})`)
    for (const name of aggregators) list.push(`${name}(${selector})`)
    for (const range of ranges)
      list.push(`rate(${selector}[${range}])`, `count_over_time(${selector}[${range}])`)
    for (const op of [...arithmetic, ...comparisons]) list.push(`${selector} ${op} 2`, `3 ${op} ${selector}`)
    list.push(
      `-${selector}`,
      `+${selector}`,
      `-${selector} ^ 2`,
      `${selector} offset 1m`,
      `${selector} offset -1m`,
      `${selector} offset 5m`,
      `${selector} @ 1700000600.5`,
      `${selector} @ 1700000600.5 offset 3m`,
      `${selector} offset 3m @ 1700000600.5`,
      `${selector} @ start()`,
      `${selector} @ end() offset -1m`,
      `timestamp(${selector} offset 1m)`,
      `timestamp(${selector} @ 1700000600)`,
      `timestamp(${selector} @ 1700000600 offset 7m)`,
      `timestamp(${selector} @ 1700000600 offset 2m)`,
      `timestamp(${selector} @ 1700000600 offset -2m)`,
      `timestamp(${selector} @ 1700000600 offset -7m)`,
      `timestamp((${selector}))`,
      `timestamp(${selector} + 0)`,
      `quantile_over_time(0.9, ${selector}[3m])`,
      `quantile_over_time(-1, ${selector}[3m])`,
      `quantile_over_time(1.5, ${selector}[3m])`,
      `quantile_over_time(NaN, ${selector}[3m])`,
      `quantile_over_time(scalar(limit{instance="a"}) / 202, ${selector}[3m])`,
      `predict_linear(${selector}[4m], 600)`,
      `predict_linear(${selector}[4m] offset 1m, -60)`,
      `predict_linear(${selector}[4m] @ 1700000900, 60)`,
      `rate(${selector}[2m] @ 1700000900 offset 1m)`,
      `rate(${selector}[2m:10s])`,
      `max_over_time(rate(${selector}[1m])[5m:20s])`,
      `min_over_time(${selector}[5m:])`,
      `sum_over_time(${selector}[2m:7s] offset 33s)`,
      `avg_over_time(${selector}[2m:30s] @ 1700001000)`,
      `avg_over_time((${selector} @ 1700001000)[2m:30s])`,
      `avg_over_time((${selector} offset 1m)[2m:30s] @ end() offset -10s)`,
      `max_over_time(sum_over_time(${selector}[1m:5s])[3m:20s])`,
      `absent_over_time(${selector}[2m:10s])`,
      `clamp(${selector}, 1, 10)`,
      `clamp(${selector}, 10, 1)`,
      `clamp(${selector}, NaN, 1)`,
      `clamp_min(${selector}, 2)`,
      `clamp_max(${selector}, -Inf)`,
      `round(${selector}, 0.1)`,
      `round(${selector}, -5)`,
      `scalar(${selector})`,
      `vector(scalar(${selector}))`,
      `topk(2, ${selector})`,
      `bottomk(1, ${selector})`,
      `topk(0, ${selector})`,
      `topk(NaN, ${selector})`,
      `topk(1e30, ${selector})`,
      `bottomk(100, ${selector})`,
      `topk by (mode) (1, ${selector})`,
      `quantile(0.3, ${selector})`,
      `quantile without (instance) (2, ${selector})`,
      `count_values("value", ${selector})`,
      `count_values by (instance) ("value", ${selector})`,
      `count_values without (instance) ("mode", ${selector})`,
      `label_replace(${selector}, "new", "<$1-${'${2}'}x$$>", "instance", "(.)(.*)")`,
      `label_replace(${selector}, "__name__", "$0", "mode", ".*")`,
      `label_replace(${selector}, "mode", "", "mode", "u.*")`,
      `label_replace(${selector}, "kind", "$word", "kind", "(?P<word>\\\\w).*")`,
      `label_join(${selector}, "joined", "-", "instance", "mode", "nope")`,
      `label_join(${selector}, "instance", "")`,
      `${selector} and load`,
      `${selector} or load`,
      `${selector} unless on (instance) load{instance="a"}`,
      `${selector} and on () vector(1)`,
      `${selector} or ignoring (kind, mode) missing`,
      `${selector} * on (instance) group_left (version, zone) info`,
      `${selector} * ignoring (mode) group_left limit`,
      `info * on (instance) group_right (version) ${selector}`,
      `${selector} / ${selector}`,
      `${selector} > bool ${selector} offset 1m`,
      `${selector} > ${selector} offset 1m`,
      `${selector} + on (instance) ${selector}`,
      `${selector} + ignoring (mode) ${selector}`,
      `sum by (instance) (${selector}) / on (instance) group_left () sum by (instance) (load)`,
    )
  }
  for (const name of aggregators)
    for (const by of groupings) list.push(`${name} ${by} (cpu_seconds_total)`, `${name} (odd) ${by}`)
  for (const op of comparisons) {
    list.push(
      `cpu_seconds_total ${op} on (instance) group_left load`,
      `load ${op} bool limit`,
      `load ${op} limit`,
    )
    list.push(
      `load ${op} ignoring (zone, version) info`,
      `2 ${op} bool 3`,
      `odd ${op} bool NaN`,
      `time() ${op} bool 1`,
    )
  }
  for (const left of numbers)
    for (const op of [...arithmetic, '>= bool', '== bool'])
      list.push(`${left} ${op} ${numbers[list.length % numbers.length]}`)
  return [...list, ...precedenceExpressions, ...refusedExpressions]
}
