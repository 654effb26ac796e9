/** Differences as people read them. */
import { formatValue } from '../format.ts'
import { sideName, type Compared, type Judgement, type Performance } from './performance.ts'
import { metrics } from './metrics.ts'

/** `12.3ms`, `4.5 k/s`; a dash where there is none. */
export const valueText = (value: number | undefined, unit: string): string =>
  value === undefined ? '–' : formatValue(value, unit)

/** `+12.3 %`, and `+8.1 % to +16.5 %` for the interval, relative to the first run. */
export const changeText = (change: number, baseline: number): string =>
  baseline === 0 ? '–' : `${change > 0 ? '+' : ''}${((100 * change) / baseline).toFixed(1)} %`

export const judgementText: Readonly<Record<Judgement, string>> = {
  better: 'better',
  worse: 'worse',
  same: 'no sure difference',
  unjudged: 'not judged',
}

/** The whole comparison in one or two sentences. */
export function answerOf({ runs, baseline, comparisons, verdict }: Performance): string {
  const first = sideName(runs.slice(0, baseline))
  if (runs.length < 2) return 'One run, which is compared with nothing.'
  if (verdict === 'unknown' && !comparisons.some(({ judgement }) => judgement === 'worse')) {
    return `Not everything could be compared with ${first}.`
  }
  const of = (judgement: Judgement): Compared[] => comparisons.filter((one) => one.judgement === judgement)
  const [worse, better] = [of('worse'), of('better')]
  if (worse.length + better.length === 0) return `No sure difference from ${first} was found.`
  const told = [
    ...(worse.length > 0 ? [`Worse than ${first}: ${worse.slice(0, 3).map(shortly).join('; ')}`] : []),
    ...(better.length > 0 ? [`Better: ${better.slice(0, 3).map(shortly).join('; ')}`] : []),
  ]
  const more = worse.length + better.length - Math.min(3, worse.length) - Math.min(3, better.length)
  return `${told.join('. ')}${more > 0 ? `, and ${more} more` : ''}.`
}

function shortly({ run, series, difference }: Compared): string {
  const { metric, baseline, value } = difference
  const change =
    'difference' in difference ? changeText(difference.difference, difference.baseline) : 'not judged'
  const values = `${valueText(baseline, metric.unit)} to ${valueText(value, metric.unit)}`
  return `${metric.id} of ${series} ${change} (${values}) in ${run}`
}

/** Rows for a terminal: a line for each metric of each series. */
export function summaryRows({ runs, comparisons }: Performance): string[][] {
  const [first, ...others] = runs
  if (first === undefined) return []
  if (others.length === 0) {
    const header = ['series', 'operations', ...metrics.map(({ id }) => id)]
    return [
      header,
      ...first.series.map(({ name, whole }) => [
        name,
        String(whole.operations),
        ...metrics.map((metric) => valueText(metric.of(whole), metric.unit)),
      ]),
    ]
  }
  const header = ['run', 'series', 'metric', 'was', 'is', 'change', '95 % interval', 'p', 'effect', 'judged']
  return [
    header,
    ...comparisons.map(({ run, series, difference, judgement }) => {
      const { metric, baseline, value } = difference
      const sides = [run, series, metric.id, valueText(baseline, metric.unit), valueText(value, metric.unit)]
      if (!('p' in difference)) return [...sides, '', '', '', '', difference.why]
      const { low, high, p, effect } = difference
      return [
        ...sides,
        changeText(difference.difference, difference.baseline),
        `${changeText(low, difference.baseline)} to ${changeText(high, difference.baseline)}`,
        p < 0.001 ? '<0.001' : p.toFixed(3),
        effect.toFixed(2),
        judgementText[judgement],
      ]
    }),
  ]
}
