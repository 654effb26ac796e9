/** The findings in their order, each with its chart, and the query and rows behind it. */
import { formatConfidence, formatValue } from '../format.ts'
import type { CaseData } from '../case-data.ts'
import { callTree } from '../profile.ts'
import type { Profile } from '../profile.ts'
import type { ShownFinding } from '../shown-findings.ts'
import { shortened } from '../text.ts'
import { flameGraphs } from './flame.ts'
import { Html, html } from './html.ts'
import { lineChart } from './line-chart.ts'
import { prose } from './prose.ts'
import { barChart, dataTable } from './tables.ts'
import type { TimeFrame } from './time-axis.ts'

/** Rows that stand for a chart where a finding has none. */
const FEW_ROWS = 6
const MOST_SQL = 20_000

/** What was shown where: a command's flame graphs are drawn once, at the finding that comes first. */
interface Shown {
  readonly profile: Profile | undefined
  readonly drawn: Map<string, string>
  readonly whole: TimeFrame
  readonly around: TimeFrame
}

/** Sure findings open, the others folded away. */
export function findings(data: CaseData, whole: TimeFrame, around: TimeFrame): Html {
  const profile = data.profiles.find(({ state }) => state === 'on-cpu')
  const shown: Shown = { profile, drawn: new Map(), whole, around }
  const sure = data.findings.filter(({ finding }) => finding.confident)
  const unsure = data.findings.filter(({ finding }) => !finding.confident)
  const cards = sure.map((one) => card(one, shown))
  const nothing = html`<p class="none">Nothing that the evidence is sure of.</p>`
  const less =
    unsure.length > 0 &&
    html`<details>
      <summary>${unsure.length} less sure</summary>
      ${unsure.map((one) => card(one, shown))}
    </details>`
  return html`${cards.length === 0 ? nothing : cards}${less}`
}

function card({ finding, chart, rows, error }: ShownFinding, shown: Shown): Html {
  const { id, rank, kind, layer, statement, confidence, confident, sql } = finding
  const frame = kind === 'trend' ? shown.whole : shown.around
  const evidence =
    chart === null ? rows.length > 0 && dataTable(rows.slice(0, FEW_ROWS)) : drawn(chart, frame, id, shown)
  const folded = chart === null ? rows.slice(FEW_ROWS) : rows
  return html`<article class="finding${confident ? '' : ' unsure'}" id="${id}">
    <p class="rank">${rank}</p>
    <div>
      <p class="statement">${prose(statement)}</p>
      <p class="tags"><b>${kind}</b> · ${layer} · ${effectOf(finding)} · ${formatConfidence(confidence)}</p>
      ${error === null ? evidence : html`<p class="warning">Its query could not be run: ${prose(error)}</p>`}
      <details>
        <summary>${folded.length > 0 ? 'Query and rows behind it' : 'Query behind it'}</summary>
        <pre>${shortened(sql, MOST_SQL)}</pre>
        ${folded.length > 0 && dataTable(folded)}
      </details>
    </div>
  </article> `
}

function effectOf({ effect: { value, unit, reference, ratio } }: ShownFinding['finding']): string {
  const against = reference === undefined ? '' : ` against ${formatValue(reference, unit)}`
  const factor =
    ratio === undefined
      ? ''
      : `, ${(ratio >= 100 ? Math.round(ratio) : Number(ratio.toPrecision(3))).toLocaleString('en-US')} times`
  return `${formatValue(value, unit)}${against}${factor}`
}

function drawn(
  { spec, rows }: NonNullable<ShownFinding['chart']>,
  frame: TimeFrame,
  id: string,
  shown: Shown,
): Html {
  const caption = shortened(spec.title, 200)
  if (spec.type === 'flame') return flame(spec.comm, id, shown)
  const chart =
    spec.type === 'lines'
      ? lineChart(rows, spec.unit, frame)
      : spec.type === 'bars'
        ? barChart(rows, spec.unit)
        : dataTable(rows)
  return html`<figure>
    <figcaption>${caption}</figcaption>
    ${chart}
  </figure>`
}

function flame(comm: string | undefined, id: string, { profile, drawn: known }: Shown): Html {
  const root = profile === undefined ? undefined : callTree(profile, comm)
  if (root === undefined || root.sick + root.healthy === 0) return html``
  const before = known.get(root.name)
  if (before !== undefined) return html`<p class="none">See <a href="#${before}">its flame graphs</a>.</p>`
  known.set(root.name, id)
  return flameGraphs(root, `on-CPU time of ${shortened(root.name, 60)}`)
}
