/** The symptom's own metrics around its onset, and how long its probes took. */
import type { CaseData } from '../case-data.ts'
import { shortened } from '../text.ts'
import { Html, html } from './html.ts'
import { lineChart } from './line-chart.ts'
import type { TimeFrame } from './time-axis.ts'

/** A chart for each comparison in the conditions of the symptoms; one of the probes, unless a condition is about it. */
export function conditionCharts({ record, conditions, probes }: CaseData, frame: TimeFrame): Html {
  const timed = new Set(record.symptoms.flatMap((symptom) => symptom.probes))
  const durations = probes
    .filter(({ probe }) => timed.has(probe))
    .map(({ from, probe, longest }) => ({ ts: from, value: longest / 1e9, series: probe }))
  const pauses = record.probes.map(({ everyMs, timeoutMs }) => 2e6 * (everyMs + timeoutMs))
  const longestGap = Math.max(10e9, ...pauses)
  const charts = conditions.map(
    ({ symptom, text, unit, lines, limits }) =>
      html`<figure>
        <figcaption>Symptom ${shortened(symptom, 100)}: <code>${shortened(text, 300)}</code></figcaption>
        ${lineChart(lines, unit, frame, { limits })}
      </figure>`,
  )
  const probed =
    durations.length > 0 &&
    html`<figure>
      <figcaption>
        Time that ${timed.size > 1 ? 'the probes' : `probe ${[...timed].join('')}`} of the symptom took
      </figcaption>
      ${lineChart(durations, 's', frame, { longestGap })}
    </figure>`
  const key =
    (charts.length > 0 || durations.length > 0) &&
    html`<p class="legend">
      <span><i class="band symptom"></i>the symptom showed</span
      ><span><i class="band reference"></i>the reference was captured</span
      ><span><i class="band sick"></i>the ladder was climbed</span>
    </p>`
  return html`${charts}${probed}${key}`
}
