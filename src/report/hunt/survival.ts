/** When in a run the behaviour came: the share of runs without it by time, with those that ended before marked. */
import { formatDuration } from '../../base/duration.ts'
import type { SurvivalCurve } from '../../model/hunt.ts'
import { html, type Html } from '../html/html.ts'
import { shortened } from '../text.ts'

export const survivalStyle = `
.survival { width: 100%; height: 9rem; display: block; } .survival polyline { fill: none; stroke: var(--accent); stroke-width: 1.6; vector-effect: non-scaling-stroke; } .survival .ended { stroke: var(--soft); stroke-width: 1; vector-effect: non-scaling-stroke; }
`

/** Marks of runs that ended without it, at most. */
const MOST_MARKS = 500

/** Nothing when there is no curve. */
export const survival = (curves: readonly SurvivalCurve[]): Html =>
  html`${
    curves.length > 0 &&
    html`<section>
      <h2>When it came</h2>
      ${curves.map(figureOf)}
    </section>`
  }`

function figureOf({ label, longest, steps, ended, shape }: SurvivalCurve): Html {
  const x = (seconds: number): string => ((seconds / Math.max(longest, 1e-9)) * 100).toFixed(2)
  const y = (share: number): string => (100 - share * 100).toFixed(2)
  const line = steps.flatMap(({ seconds, share }, index) => [
    `${x(seconds)},${y(steps[index - 1]?.share ?? 1)}`,
    `${x(seconds)},${y(share)}`,
  ])
  const shareAt = (time: number): number => steps.findLast(({ seconds }) => seconds <= time)?.share ?? 1
  return html`<figure>
    <figcaption>
      ${shortened(label, 80)}: share of runs in which it had not come yet (Kaplan and Meier), from 0 to 100
      %${shape !== undefined && `; not at a constant rate: Weibull shape ${shape.toPrecision(2)}`}
    </figcaption>
    <svg class="survival" viewBox="0 0 100 100" preserveAspectRatio="none">
      <polyline points="${['0.00,0.00', ...line, `100.00,${y(steps.at(-1)?.share ?? 1)}`].join(' ')}" />
      ${ended.slice(0, MOST_MARKS).map((seconds) => {
        const level = Number(y(shareAt(seconds)))
        return html`<line
          class="ended"
          x1="${x(seconds)}"
          x2="${x(seconds)}"
          y1="${level - 4}"
          y2="${level + 4}"
        />`
      })}
    </svg>
    <div class="ends"><span>0</span><span>${formatDuration(longest * 1000)}</span></div>
  </figure>`
}
