/** Random compositions of everything, to compare with Prometheus. */
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
import { seededRandom, type Random } from '../../src/base/random.ts'

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
