/** A performance report as one page that needs nothing else, in the look of the case file. */
import { formatDuration } from '../../base/duration.ts'
import { html, type Html } from '../html/html.ts'
import { lineChart } from '../html/line-chart.ts'
import { shell } from '../html/shell.ts'
import { figure, table, td } from '../html/tables.ts'
import { shortened } from '../text.ts'
import { metrics, type Metric } from './metrics.ts'
import type { Compared, PerformedRun, Performance } from './performance.ts'
import { answerOf, changeText, judgementText, valueText } from './statement.ts'
import type { Series } from './series.ts'

/** More series than this are shown as figures, without charts: the page has to stay one that opens. */
const MOST_CHARTED = 24

const own = `
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: .4rem 1.6rem; } .charts .plot { height: 9rem; }
.charts figure { min-width: 0; } .worse { color: var(--bad); font-weight: 600; } .better { color: var(--good); font-weight: 600; }
@media (min-width: 641px) { .scroll td:first-child { white-space: nowrap; } }
@media (max-width: 640px) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media print { .charts { grid-template-columns: 1fr 1fr; } .charts .plot { height: 7rem; } }
`

/** The whole page. */
export function performancePage(performance: Performance): string {
  const { title, verdict, runs, notes } = performance
  const names = [...new Set(runs.flatMap(({ series }) => series.map(({ name }) => name)))].toSorted()
  return shell({
    title,
    verdict: runs.length > 1 ? verdict : undefined,
    answer: answerOf(performance),
    notes,
    style: own,
    body: html`${names.map((name, index) => section(name, performance, index < MOST_CHARTED))}${explanation(performance)}`,
  })
}

function section(name: string, { runs, comparisons }: Performance, charted: boolean): Html {
  const members = runs.flatMap((run) => {
    const series = run.series.find((one) => one.name === name)
    return series === undefined ? [] : [{ run, series }]
  })
  return html`<section>
    <h2>${shortened(name, 120)}</h2>
    ${figures(members)}${differencesTable(comparisons.filter(({ series }) => series === name))}${charted && html`<div class="charts">${metrics.map((metric) => chart(metric, members))}</div>`}
  </section> `
}

type Members = readonly { readonly run: PerformedRun; readonly series: Series }[]

function figures(members: Members): Html {
  const columns = ['run', 'took', 'operations', ...metrics.map(({ id }) => id)]
  const rows = members.map(({ run, series: { whole } }) => [
    td(shortened(run.name, 80)),
    figure(formatDuration(whole.seconds * 1000)),
    figure(whole.operations.toLocaleString('en-US')),
    ...metrics.map((metric) => figure(valueText(metric.of(whole), metric.unit))),
  ])
  return table(columns, rows, columns.slice(1))
}

function differencesTable(comparisons: readonly Compared[]): Html {
  if (comparisons.length === 0) return html``
  const columns = ['run', 'metric', 'change', '95 % interval', 'p', 'effect', 'judged']
  const rows = comparisons.map(({ run, difference, judgement }) => {
    const names = [td(shortened(run, 80)), td(difference.metric.id)]
    if (!('p' in difference)) {
      return [...names, figure('–'), figure('–'), figure('–'), figure('–'), td(difference.why)]
    }
    const { baseline, low, high, p, effect } = difference
    return [
      ...names,
      figure(changeText(difference.difference, baseline)),
      figure(`${changeText(low, baseline)} to ${changeText(high, baseline)}`),
      figure(p < 0.001 ? '<0.001' : p.toFixed(3)),
      figure(effect.toFixed(2)),
      td(html`<span class="${judgement}">${judgementText[judgement]}</span>`),
    ]
  })
  return html`<h3>Against the baseline</h3>
    ${table(columns, rows, ['change', '95 % interval', 'p', 'effect'])}`
}

function chart(metric: Metric, members: Members): Html {
  const seconds = members.flatMap(({ series }) => series.intervals.map(({ at, seconds: long }) => at + long))
  const end = seconds.reduce((a, b) => Math.max(a, b), 1)
  const rows = members.flatMap(({ run, series: { intervals } }) =>
    intervals.flatMap((interval) => {
      const value = metric.of(interval)
      return value === undefined
        ? []
        : [{ ts: BigInt(Math.round(interval.at * 1e9)), value, series: run.name }]
    }),
  )
  const frame = { began: 0n, from: 0n, to: BigInt(Math.ceil(end * 1e9)), bands: [] }
  return html`<figure>
    <figcaption>${metric.id}</figcaption>
    ${lineChart(rows, metric.unit, frame, { inOrder: true })}
  </figure>`
}

function explanation({ runs, baseline }: Performance): Html {
  const several = html`<p>
    Each run is one value of each metric, and how the values of the runs on a side scatter gives the interval
    that holds the difference of their means with 95 % confidence, and p, the chance of such a difference
    between equal systems, corrected for the number of comparisons (Welch's t; Holm). What differs from run to
    run is in it; how long a run was is not. The effect is Cliff's delta of the runs: 1 when all are higher
    than all of the baseline, -1 when all are lower.
  </p>`
  const single = html`<p>
      A run is cut into stretches that are longer than it remembers, because intervals that follow each other
      are not independent. How the stretches scatter gives the interval that holds the difference with 95 %
      confidence, and p, the chance of such a difference between equal runs, corrected for the number of
      comparisons (Welch's t over batch means; Holm). The effect is Cliff's delta of the stretches: 1 when all
      are higher than those of the baseline, -1 when all are lower.
    </p>
    <p>
      This judges these runs. Two runs of one system differ too, by what differs between runs, and how much
      that is cannot be known from one run of each: before a version is blamed, it should be worse in several,
      which are judged together when --baseline says how many are the first.
    </p>`
  const judged = runs.length > 1 && (baseline > 1 ? several : single)
  return html`<section>
    <h2>How to read this</h2>
    <p>
      Histograms of all nodes are added up before anything is measured; a percentile is never an average of
      percentiles. Time counts from the first operation of each run.
    </p>
    ${judged}
  </section>`
}
