/** A trend as one page that needs nothing else, in the look of the case file. */
import type { Trend, TrendChange, TrendPoint, TrendSeries } from '../../model/trend.ts'
import { formatValue } from '../format.ts'
import { html, type Html } from '../html/html.ts'
import { lineChart } from '../html/line-chart.ts'
import { shell } from '../html/shell.ts'
import { figure, table, td } from '../html/tables.ts'
import { placeOf, type TimeFrame } from '../html/time-axis.ts'
import { shortened } from '../text.ts'
import { companionText } from './text.ts'
import {
  chanceText,
  directionText,
  intervalText,
  levelsText,
  placeText,
  sizeText,
  whenText,
} from './words.ts'

/** More series than this are shown as figures, without charts: the page has to stay one that opens. */
const MOST_CHARTED = 60
/** Dates below a chart over the whole width, and below one of several in a row. */
const MOST_TICKS = 6
const FEW_TICKS = 4

const own = `
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: .4rem 1.6rem; } .charts .plot { height: 9rem; }
.changed .plot { height: 12rem; } figure { min-width: 0; } .worse { color: var(--bad); font-weight: 600; } .better { color: var(--good); font-weight: 600; }
.plot .c0 { stroke-width: 1.2; opacity: .75; } .line.level { stroke: var(--ink); stroke-width: 2; }
.band.worse, .band.better, .band.unclear { background: var(--soft); opacity: .28; min-width: 3px; } .band.worse { background: var(--bad); } .band.better { background: var(--good); }
ul.beside { margin: 0; padding-left: 1.1rem; } ul.beside li { overflow-wrap: anywhere; }
@media (max-width: 640px) { .charts { grid-template-columns: minmax(0, 1fr); } }
`

/** The whole page. */
export function trendPage(trend: Trend): string {
  const { title, verdict, answer, notes, series } = trend
  const [changed, steady] = [series.filter(hasChanged), series.filter((one) => !hasChanged(one))]
  return shell({
    title,
    verdict,
    answer,
    notes,
    style: own,
    body: html`${changed.map((one, index) => changedSection(one, trend, index < MOST_CHARTED))}${steady.length > 0 && steadySection(steady, trend, MOST_CHARTED - changed.length)}${explanation(trend)}`,
  })
}

const hasChanged = ({ changes }: TrendSeries): boolean => changes.length > 0

function changedSection(series: TrendSeries, { points }: Trend, charted: boolean): Html {
  return html`<section class="changed">
    <h2>${shortened(series.name, 120)}</h2>
    ${charted && chart(series, points, MOST_TICKS)}${changesTable(series, points)}
  </section> `
}

function changesTable(series: TrendSeries, points: readonly TrendPoint[]): Html {
  const columns = ['since', 'judged', 'change', '95 % interval', 'levels', 'p', 'what else changed there']
  const rows = series.changes.map((change) => [
    td(placeText(change, points)),
    td(html`<span class="${change.direction}">${directionText[change.direction]}</span>`),
    figure(sizeText(change, series)),
    figure(intervalText(change, series)),
    figure(levelsText(change, series)),
    figure(chanceText(change.p)),
    td(beside(change)),
  ])
  return table(columns, rows, ['change', '95 % interval', 'levels', 'p'])
}

const beside = (change: TrendChange): Html =>
  change.companions.length === 0
    ? html`nothing that is known`
    : html`<ul class="beside">
        ${change.companions.map((one) => html`<li>${companionText(one, change)}</li>`)}
      </ul>`

function steadySection(series: readonly TrendSeries[], { points }: Trend, charted: number): Html {
  return html`<section>
    <h2>Without a change</h2>
    <div class="charts">
      ${series.slice(0, Math.max(0, charted)).map(
        (one) =>
          html`<figure>
            <figcaption>
              ${shortened(one.name, 120)}${one.p === null && html` <small>too few values to be judged</small>`}
            </figcaption>
            ${chart(one, points, FEW_TICKS)}
          </figure>`,
      )}
    </div>
    ${series.length > charted && html`<p>and ${series.length - Math.max(0, charted)} more</p>`}
  </section> `
}

/** A place on the axis for each point, whatever the time between them: what happened between two nights was not seen. */
const placed = (index: number): bigint => BigInt(Math.round(index * 1e6))

function chart(series: TrendSeries, points: readonly TrendPoint[], most: number): Html {
  const rows = series.data.flatMap((value, index) =>
    value === null ? [] : [{ ts: placed(index), value, series: '' }],
  )
  const frame: TimeFrame = {
    began: 0n,
    from: placed(-0.5),
    to: placed(points.length - 0.5),
    bands: series.changes.map(({ from, to, direction }) => ({
      from: placed(from - 0.5),
      to: placed(to - 0.5),
      kind: direction,
    })),
  }
  const options = { levels: levelRows(series), ticks: ticks(points, frame, most), longestGap: Infinity }
  return lineChart(rows, series.unit, frame, options)
}

/** Both ends of each level. */
function levelRows({ changes, data }: TrendSeries): { ts: bigint; value: number; series: string }[] {
  const starts = [0, ...changes.map(({ index }) => index)]
  const level = (i: number): number => (i === 0 ? changes[0]?.before : changes[i - 1]?.after) ?? 0
  if (changes.length === 0) return []
  return starts.flatMap((start, i) =>
    [start - 0.5, (starts[i + 1] ?? data.length) - 0.5].map((at) => ({
      ts: placed(at),
      value: level(i),
      series: String(i),
    })),
  )
}

function ticks(points: readonly TrendPoint[], frame: TimeFrame, most: number): Html {
  const every = Math.max(1, Math.ceil(points.length / most))
  const labels = points.flatMap((point, index) =>
    index % every === 0 && index + every / 2 < points.length
      ? [
          html`<span style="left:${(placeOf(placed(index), frame) * 100).toFixed(2)}%"
            >${tickText(point)}</span
          >`,
        ]
      : [],
  )
  return html`<div class="ticks">${labels}</div>`
}

const tickText = (point: TrendPoint): string => shortened(whenText(point).slice(0, 10), 12)

function explanation({ level, points, series }: Trend): Html {
  const many = series.filter(({ p }) => p !== null).length
  return html`<section>
    <h2>How to read this</h2>
    <p>
      A line shows ${points.length} points in their order, the black one the levels that were found, a
      coloured stretch where a level may have begun, with 95 % confidence. A series without any change shows
      one with a probability of ${formatValue(level, 'share')}, also when its values remember the one before:
      among ${many} series that makes ${(level * many).toPrecision(1)} false alarms. p is the chance of such a
      change, at any place, without a cause. The interval of a change does not know that it was sought for: of
      one that was barely found, it tells too much.
    </p>
    <p>
      What else changed there is what is known to differ between the points where the level may have begun,
      what seldom changes first. It need not be the cause.
    </p>
  </section>`
}
