/** Expressions to compare with Prometheus: a systematic grid, and random compositions of everything. */
import { seededRandom, type Random } from './random.ts'

const selectors = [
  'cpu_seconds_total',
  'load',
  'info',
  'limit',
  'probe_duration_seconds',
  'probe_success',
  'sparse',
  'gaps',
  'once',
  'odd',
  'twin_a',
  'weird',
  'missing',
]

const matched = [
  'cpu_seconds_total{mode="user"}',
  'cpu_seconds_total{mode!="user",instance=~"a|b"}',
  'cpu_seconds_total{mode=~"u.*|s"}',
  'cpu_seconds_total{mode!~"(?i)USER|id.e"}',
  'cpu_seconds_total{missing=""}',
  'cpu_seconds_total{missing!=""}',
  'cpu_seconds_total{instance=~".+",}',
  '{__name__="load"}',
  '{__name__=~"twin_[ab]",kind="x"}',
  '{__name__=~".*_total"}',
  '{__name__!~"odd|weird|gaps",kind!=""}',
  '{kind="x"}',
  'weird{path="a\\"b\\\\c\\nd"}',
  "weird{path='a\"b\\\\c\\nd'}",
  'weird{tongue=~"\\\\p{Han}+本語.*"}',
  'weird{path=~`[[:alpha:]]=\\d,y:[^a-z]`}',
  'weird{path=~"a.b.*d"}',
  'weird{path=~"(?s)a.b.*d"}',
  'weird{Upper="\\u00dc"}',
  'weird{Upper=~"\\\\x{dc}"}',
  'weird{constructor="c"}',
  'weird{toString=""}',
]

const rangeFunctions = [
  'rate',
  'irate',
  'increase',
  'delta',
  'idelta',
  'deriv',
  'changes',
  'resets',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'sum_over_time',
  'count_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'last_over_time',
  'present_over_time',
  'absent_over_time',
]
const instantFunctions = [
  'abs',
  'ceil',
  'floor',
  'sqrt',
  'exp',
  'ln',
  'log2',
  'log10',
  'sgn',
  'timestamp',
  'absent',
  'sort',
  'sort_desc',
  'round',
]
const aggregators = ['sum', 'min', 'max', 'avg', 'count', 'stddev', 'stdvar', 'group']
const groupings = [
  '',
  'by (instance)',
  'by (instance, mode,)',
  'without (instance)',
  'by ()',
  'without ()',
  'by (__name__)',
  'by (kind)',
]
const arithmetic = ['+', '-', '*', '/', '%', '^', 'atan2']
const comparisons = ['==', '!=', '>', '<', '>=', '<=']
const numbers = [
  '0',
  '1',
  '2',
  '-1',
  '0.5',
  '100',
  '1e3',
  '0x1f',
  '017',
  '1.',
  '.5',
  'Inf',
  '-inf',
  'NaN',
  '1e-3',
]
const ranges = ['30s', '1m', '5m', '10m', '1m30s', '1ms', '1h']

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

/** Where grammars differ. */
const precedenceExpressions = [
  '-1^2',
  '2^3^2',
  '2 ^ -1 ^ 2',
  '-2 * -3',
  '1 - -1',
  '1--1',
  '1 + 2 * 3 ^ 2 % 5',
  '7 % 4 * 2 / 3',
  '1 + 2 == bool 3',
  'load > 2 * load offset 5m',
  '-load offset 1m',
  'sum(load) + load{instance="a"} offset 1m',
  '2 atan2 3 + 1',
  'load or limit and info unless load',
  'load == limit > bool 3',
  'load AND limit',
  'SUM BY (instance) (load)',
  'sum(load) by (instance) # a comment\n + \n sum(limit) by (instance)',
  'load or sum',
  'sum or load',
  'offset offset 1m',
  'by{x="1"} or load',
  'start or end',
  'topk(scalar(vector(2)), load)',
  'quantile(0.5, load) > bool 100 < bool 2',
  'absent(missing{a="1", b=~"2", a="3", c="4", d!="5"})',
  'absent((missing{a="1"}))',
  'absent(sum(missing{a="1"}))',
  'absent_over_time(missing{a="1", b="2"}[1m] offset 1m)',
  'time()',
  'vector(time())',
  'scalar(load)',
  '1 / 0',
  '0 / 0',
  '-(1)',
  '-(load)',
  '((load))',
  'sum((load)) by (instance)',
  'label_replace((load), ("a"), "b", "", "")',
  'count_values(("v"), load)',
  'rate((load[5m]))',
  'max_over_time((load)[5m:1m])',
  'sum(rate({__name__=~"twin_.*"}[1m]))',
  '-{__name__=~"twin_.*"}',
  '{__name__=~"twin_.*"} * 2',
  '{__name__=~"twin_.*"} > 2',
  '{__name__=~"twin_.*"} > bool 2',
  'last_over_time({__name__=~"twin_.*"}[1m])',
  'abs({__name__=~"twin_.*"})',
  'twin_a or twin_b',
  'twin_a or on (kind) twin_b',
  'label_replace({__name__=~"twin_.*"}, "__name__", "same", "", "")',
  'max_over_time(rate({__name__=~"cpu.*|load"}[1m])[5m:1m])',
  'cpu_seconds_total{instance="a"} * on (instance) group_left (mode) label_replace(load, "mode", "m", "", "")',
  'weird * on () group_left (path) weird{constructor="c"}',
]

/** Errors there are errors here. */
const refusedExpressions = [
  '',
  'load{',
  'load[5m',
  'load[5]',
  'load[0s]',
  'load[5m] + 1',
  'load[5m][5m]',
  'load[5m:1m][5m]',
  'rate(load)',
  'rate(load[5m], 1)',
  'rate()',
  'nosuch(load)',
  '5m',
  '1 > 2',
  'load and 1',
  '1 or load',
  'load + bool load',
  'load and bool load',
  'load + on (a) group_left (a) load',
  'load and on (a) group_left load',
  'load + group_left load',
  'load + on load',
  '1 + on (a) 2',
  'sum',
  'sum(load',
  'sum()',
  'sum(load, load)',
  'sum(1)',
  'topk(load)',
  'topk("a", load)',
  'count_values(1, load)',
  'count_values("0a", load)',
  'label_replace(load, "0", "", "", "")',
  'label_replace(load, "a", "", "", "(")',
  'label_join(load, "0", "")',
  'label_join(load, "a", "", "-")',
  'load{instance=~"("}',
  'load{instance=~"(?=a)"}',
  'load{instance=~"a**"}',
  'load{instance=~"\\\\1"}',
  'load{instance=a}',
  'load{instance="a" mode="b"}',
  'load{0="a"}',
  'load{a:b="c"}',
  '{}',
  '{a=""}',
  '{a=~".*"}',
  '{a!="x"}',
  'load{__name__="x"}',
  '"a" + 1',
  '-"a"',
  '-load[5m]',
  'load offset 5',
  'load offset',
  'load offset 1m offset 1m',
  'load offset 1m [5m]',
  'load @ 5 @ 6',
  'load @ NaN',
  'load @ foo',
  '(load) offset 1m',
  'sum(load) offset 1m',
  'load[5m] offset 0s',
  'load load',
  'load == == load',
  'load ! load',
  'load = 1',
  'load =~ "a"',
  '$',
  '"abc',
  "'a\\q'",
  '1e',
  '0x',
  '08 + 1e',
  '1_000',
  'on',
  'bool',
  'load * on (instance) info * on (instance) group_left () cpu_seconds_total',
  'rate(load[1h30])',
  'rate(load[1m1h])',
  'rate(load[1m1m])',
  'rate(load[300y])',
  'sum by (a:b) (load)',
  'sum by (instance load)',
  'sum by instance (load)',
  'round(load, load)',
  'clamp(load, 1)',
  'time(1)',
  'vector(load)',
  'scalar(1)',
  'max_over_time(1[5m:])',
  'max_over_time(load[5m:0s])',
  'foo(',
  'load)',
  'load]',
  'load}',
  ',',
]

/** Random expressions of any depth up to `depth`, most of them valid. */
export function randomExpressions(count: number, seed: number, depth = 3): string[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => new Composer(random).vector(1 + random.below(depth)))
}

class Composer {
  private readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  scalar(depth: number): string {
    if (depth <= 0) return this.random.pick(numbers)
    const kinds = [
      () => this.random.pick(numbers),
      () => `(${this.scalar(depth - 1)} ${this.random.pick(arithmetic)} ${this.scalar(depth - 1)})`,
      () => `(${this.scalar(depth - 1)} ${this.random.pick(comparisons)} bool ${this.scalar(depth - 1)})`,
      () => `scalar(${this.vector(depth - 1)})`,
      () => `-${this.scalar(depth - 1)}`,
      () => 'time()',
    ]
    return this.random.pick(kinds)()
  }

  vector(depth: number): string {
    const { random } = this
    if (depth <= 0) {
      return (
        random.pick(random.below(4) === 0 ? matched : selectors) +
        random.pick(['', '', '', ' offset 90s', ' offset -2m', ' @ 1700001000'])
      )
    }
    const below = (): string => this.vector(depth - 1)
    const by = (): string => random.pick(groupings)
    const kinds = [
      () => `${random.pick(rangeFunctions)}(${this.range(depth)})`,
      () => `${random.pick(rangeFunctions)}(${this.range(depth)})`,
      () => `quantile_over_time(${this.scalar(depth - 2)}, ${this.range(depth)})`,
      // With @ inside a subquery Prometheus 2.42 moves the range along with the steps, against its documentation.
      () => `predict_linear(${this.range(depth).replace(/ @ .*$/, '')}, ${this.scalar(depth - 2)})`,
      () => `${random.pick(instantFunctions)}(${below()})`,
      () => `${random.pick(aggregators)} ${by()} (${below()})`,
      () => `${random.pick(aggregators)} ${by()} (${below()})`,
      () => `quantile ${by()} (${this.scalar(depth - 2)}, ${below()})`,
      () => `count_values ${by()} ("val", round(clamp(${below()}, -1e6, 1e6), 0.5))`,
      () => `(${below()} ${random.pick(arithmetic)} ${this.scalar(depth - 1)})`,
      () => `(${this.scalar(depth - 1)} ${random.pick(arithmetic)} ${below()})`,
      () => `(${below()} ${random.pick(comparisons)} ${random.pick(['', 'bool '])}${this.scalar(depth - 1)})`,
      () => `(${this.scalar(depth - 1)} ${random.pick(comparisons)} ${below()})`,
      () => `${below()} ${random.pick([...arithmetic, ...comparisons])} ${this.matching()} ${below()}`,
      () =>
        `(${below()} ${random.pick(['and', 'or', 'unless'])} ${random.pick(['', 'on (instance)', 'ignoring (mode)', 'on ()'])} ${below()})`,
      () => `clamp(${below()}, ${this.scalar(depth - 2)}, ${this.scalar(depth - 2)})`,
      () => `clamp_min(${below()}, ${this.scalar(depth - 2)})`,
      () => `round(${below()}, ${random.pick(['0.5', '3', '10'])})`,
      () =>
        `label_replace(${below()}, "extra", "$1", "${random.pick(['instance', 'mode', 'kind'])}", "(.).*")`,
      () => `label_join(${below()}, "${random.pick(['extra', 'instance'])}", "/", "mode", "kind")`,
      () => `vector(${this.scalar(depth - 1)})`,
      () => `-${below()}`,
      () => below(),
    ]
    return random.pick(kinds)()
  }

  private range(depth: number): string {
    const { random } = this
    const shift = random.pick([
      '',
      '',
      '',
      ' offset 1m',
      ' offset -30s',
      ' @ 1700000900',
      ' @ end() offset 20s',
    ])
    if (random.below(4) > 0)
      return `${random.pick(random.below(3) === 0 ? matched : selectors)}[${random.pick(ranges)}]${shift}`
    const step = random.pick(['', '7s', '15s', '1m'])
    return `(${this.vector(Math.min(depth - 1, 1))})[${random.pick(['45s', '2m', '6m'])}:${step}]${shift}`
  }

  private matching(): string {
    const { random } = this
    const bool = ''
    const labels = random.pick([
      'on (instance)',
      'ignoring (mode)',
      'on (kind)',
      'on (instance, mode)',
      'ignoring (instance)',
    ])
    return (
      bool +
      random.pick([
        '',
        labels,
        `${labels} group_left`,
        `${labels} group_left (zone)`,
        `${labels} group_right (version)`,
      ])
    )
  }
}
