/** The case file of a hunt as one page that needs nothing else: the answer, what it rests on, and every run. */
import { formatDuration } from '../../base/duration.ts'
import {
  pointText,
  type HuntResult,
  type LabelledRate,
  type Picture,
  type SurvivalCurve,
  type TrialRecord,
} from '../../model/hunt.ts'
import { html, type Html } from '../html/html.ts'
import { shell } from '../html/shell.ts'
import { figure, table, td } from '../html/tables.ts'
import { shortened } from '../text.ts'
import { survival, survivalStyle } from './survival.ts'

export interface HuntReport {
  readonly result: HuntResult
  readonly title: string
  readonly picture: Picture
  readonly runsToGo: number | null
  /** When in a run it came, as far as that is known. */
  readonly curves: readonly SurvivalCurve[]
  readonly trials: readonly TrialRecord[]
  /** Path of a run's page, as seen from this one. */
  readonly pageOf: (run: string) => string
}

/** Columns of a posterior, and rows of runs; of more, neighbours share a column, and the oldest rows are left out. */
const MOST_COLUMNS = 240
const MOST_ROWS = 2000
/** So many bars have room for their names. */
const FEW = 16

const own = `
.strip { display: flex; flex-wrap: wrap; gap: 2px; margin: .4rem 0 0; padding: 0; } .strip a, .strip span { width: 11px; height: 18px; border-radius: 2px; background: var(--rule); }
.strip .shown { background: var(--bad); } .strip .clean { background: var(--good); } .strip .broken { background: var(--warn); } .strip .running { background: var(--accent); }
.bars { width: 100%; height: 9rem; display: block; } .bars rect { fill: var(--accent); } .ends { display: flex; justify-content: space-between; font-size: .8rem; color: var(--soft); }
.rate { display: grid; grid-template-columns: minmax(7rem, 14rem) 1fr minmax(9rem, auto); gap: .3rem 1rem; align-items: center; font-size: .9rem; } .rate svg { width: 100%; height: 1.2rem; }
.rate .axis { stroke: var(--rule); } .rate .interval { fill: var(--accent); opacity: .35; } .rate .point { fill: var(--accent); }
${survivalStyle}
.course { width: 100%; height: 9rem; display: block; } .course polygon { fill: var(--accent); opacity: .22; } .course polyline { fill: none; stroke: var(--accent); stroke-width: 1.6; vector-effect: non-scaling-stroke; }
@media (max-width: 640px) { .rate { grid-template-columns: 1fr; } }
`

/** The whole page. */
export function huntPage(report: HuntReport): string {
  const { result, title, trials, runsToGo } = report
  const rest = runsToGo === null || runsToGo === 0 ? '' : `About ${runsToGo} runs more are expected.`
  return shell({
    title,
    verdict: result.verdict,
    answer: result.answer,
    notes: [],
    style: own,
    head: html`${rest !== '' && html`<p class="next">${rest}</p>`}${
        result.early !== undefined && html`<p class="next">${result.early.sentence}</p>`
      }
      <dl class="meta">
        ${[
          ['question', result.question],
          ['hunt', result.hunt],
          ['runs', String(result.runs)],
          ['probability', result.probability.toPrecision(3)],
        ].map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>`,
    body: html`${pictureOf(report.picture)}${survival(report.curves)}${runsOf(report, trials)}`,
  })
}

function pictureOf(picture: Picture): Html {
  return picture.type === 'posterior'
    ? html`${posterior(picture)}${(picture.rates?.length ?? 0) > 0 && rates(picture.rates ?? [])}`
    : rates(picture.rates)
}

function posterior({ bars, over }: Picture & { type: 'posterior' }): Html {
  if (bars.length <= FEW) {
    return html`<section>
      <h2>Probability of each ${over}</h2>
      <div class="rate">
        ${bars.map(
          ({ label, probability }) =>
            html`<span>${shortened(label, 80)}</span>
              <svg viewBox="0 0 100 10" preserveAspectRatio="none">
                <line class="axis" x1="0" y1="5" x2="100" y2="5" />
                <rect class="point" x="0" y="1" width="${Math.max(0.2, probability * 100)}" height="8" />
              </svg>
              <span>${probability.toPrecision(3)}</span>`,
        )}
      </div>
    </section>`
  }
  const count = Math.min(MOST_COLUMNS, bars.length)
  const columns = Array.from({ length: count }, (_, column) => {
    const [from, to] = [column, column + 1].map((edge) => Math.floor((edge * bars.length) / count))
    const members = bars.slice(from, to)
    return {
      label: members.length === 1 ? members[0]?.label : `${members[0]?.label} to ${members.at(-1)?.label}`,
      probability: members.reduce((sum, { probability }) => sum + probability, 0),
    }
  })
  const top = Math.max(1e-12, ...columns.map(({ probability }) => probability))
  const likeliest = bars.toSorted((a, b) => b.probability - a.probability).slice(0, 5)
  return html`<section>
    <h2>Probability of each ${over}</h2>
    <svg class="bars" viewBox="0 0 ${count} 100" preserveAspectRatio="none">
      ${columns.map(({ label, probability }, column) => {
        const height = Math.max(0.6, (probability / top) * 100)
        return html`<rect
          x="${column + 0.05}"
          y="${(100 - height).toFixed(2)}"
          width="0.9"
          height="${height.toFixed(2)}"
          ><title>${label}: ${probability.toPrecision(3)}</title></rect
        >`
      })}
    </svg>
    <div class="ends"><span>${bars[0]?.label}</span><span>${bars.at(-1)?.label}</span></div>
    ${table(
      [over, 'probability'],
      likeliest.map(({ label, probability }) => [
        td(shortened(label, 120)),
        figure(probability.toPrecision(3)),
      ]),
      ['probability'],
    )}
  </section>`
}

function rates(all: readonly LabelledRate[]): Html {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  return html`<section>
    <h2>How often it came</h2>
    <div class="rate">
      ${all.map(
        ({ label, shown, runs, low, high }) =>
          html`<span>${shortened(label, 80)}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none">
              <line class="axis" x1="0" y1="5" x2="100" y2="5" />
              <rect
                class="interval"
                x="${low * 100}"
                y="2"
                width="${Math.max(0.3, (high - low) * 100)}"
                height="6"
              />
              ${runs > 0 && html`<rect class="point" x="${(shown / runs) * 100 - 0.3}" y="0" width="0.6" height="10" />`}
            </svg>
            <span>${shown} of ${runs}, ${percent(low)} to ${percent(high)}</span>`,
      )}
    </div>
    ${all.filter(({ course }) => course.length > 1).map((one) => course(one))}
  </section>`
}

/** The rate with its interval as runs came in. */
function course({ label, course: points }: LabelledRate): Html {
  const last = points.at(-1)?.runs ?? 1
  const at = ({ runs }: { runs: number }, share: number): string =>
    `${((runs / last) * 100).toFixed(2)},${(100 - share * 100).toFixed(2)}`
  const band = [
    ...points.map((one) => at(one, one.high)),
    ...points.toReversed().map((one) => at(one, one.low)),
  ]
  const line = points.map((one) => at(one, one.shown / one.runs))
  return html`<figure>
    <figcaption>${shortened(label, 80)}: rate and interval after each run, from 0 to 100 %</figcaption>
    <svg class="course" viewBox="0 0 100 100" preserveAspectRatio="none">
      <polygon points="${band.join(' ')}" />
      <polyline points="${line.join(' ')}" />
    </svg>
    <div class="ends"><span>run ${points[0]?.runs}</span><span>run ${last}</span></div>
  </figure>`
}

function runsOf({ pageOf }: HuntReport, trials: readonly TrialRecord[]): Html {
  const link = (run: string | undefined, text: string): Html =>
    run === undefined ? html`${text}` : html`<a href="${pageOf(run)}">${text}</a>`
  const rows = trials
    .slice(-MOST_ROWS)
    .map(({ number, point, outcome, seconds, signature, note, why, run }) => [
      td(link(run, String(number))),
      td(shortened(pointText(point), 300)),
      td(outcome),
      figure(formatDuration(seconds * 1000)),
      td(shortened(signature ?? note ?? '', 160)),
      td(shortened(why, 240)),
    ])
  return html`<section>
    <h2>Runs</h2>
    <p class="legend">
      ${(['shown', 'clean', 'void', 'broken', 'running'] as const).map((outcome) => {
        const count = trials.filter((one) => one.outcome === outcome).length
        return (
          count > 0 &&
          html`<span class="strip"><span class="${outcome}"></span>&nbsp;${count} ${outcome}</span>`
        )
      })}
    </p>
    <div class="strip">
      ${trials.map(
        ({ number, outcome, point }) =>
          html`<span class="${outcome}" title="run ${number} ${pointText(point)}: ${outcome}"></span>`,
      )}
    </div>
    ${table(['run', 'point', 'outcome', 'after', 'what it showed', 'why it was made'], rows, ['after'])}
  </section>`
}
