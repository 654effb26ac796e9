/** The climbs of the ladder rung by rung, what could not be looked at, what it cost, and the checks. */
import { formatDuration } from '../../base/duration.ts'
import type { CaptureRecord, RungRecord } from '../../model/run.ts'
import type { CaseData } from '../case-data.ts'
import { collectorCosts } from '../cost.ts'
import { shortened } from '../text.ts'
import { Html, html } from './html.ts'
import { prose } from './prose.ts'
import { figure, table, td } from './tables.ts'

const FIGURES = ['rows', 'bad lines', 'turns', 'CPU', 'took']
const ROLES = {
  sick: 'on the sick system',
  reference: 'on the healthy system',
  cured: 'on the cured system',
} as const

export const ladders = ({ record }: CaseData): Html =>
  record.captures.length === 0
    ? html`<p class="none">It was not climbed: no symptom asked for it.</p>`
    : html`${record.captures.map(ladder)}`

function ladder({ id, role, symptom, targets, rungs }: CaptureRecord): Html {
  const columns = [
    'collector',
    'tier',
    'node',
    'result',
    'rows',
    'bad lines',
    'CPU',
    'took',
    'symptom after it',
  ]
  const looked = targets.map(({ pid, comm, why }) => `${comm} (${pid}), which ${why}`).join('; ')
  return html`<h3>
      ${id} <small>${ROLES[role]}${symptom !== null && ` (${shortened(symptom, 100)})`}</small>
    </h3>
    ${targets.length > 0 && html`<p class="soft">Looked at ${prose(shortened(looked, 1500))}.</p>`}
    ${table(columns, rungs.map(rungCells), FIGURES)} `
}

const rungCells = (rung: RungRecord): readonly Html[] => [
  td(rung.collector),
  td(html`<i class="dot tier-${rung.tier}"></i>${rung.tier}`),
  td(rung.node),
  html`<td class="status-${rung.status}">
    ${rung.status}${rung.why !== undefined && html` <small>${prose(shortened(rung.why, 300))}</small>`}
  </td>`,
  figure(rung.rows.toLocaleString('en-US')),
  figure(rung.badLines === 0 ? '' : rung.badLines.toLocaleString('en-US')),
  figure(formatDuration(rung.costCpuNs / 1e6)),
  figure(formatDuration(Number(BigInt(rung.to) - BigInt(rung.from)) / 1e6)),
  td(rung.symptomAfter === null ? '' : rung.symptomAfter ? 'still there' : html`<b>gone</b>`),
]

export function notLookedAt({ result }: CaseData): Html {
  if (result.notLookedAt.length === 0) {
    return html`<p class="none">Every collector that was asked for could look.</p>`
  }
  const rows = result.notLookedAt.map(({ collector, node = '', why, remedy }) => [
    td(collector),
    td(node),
    td(prose(shortened(why, 600))),
    td(prose(shortened(remedy, 600))),
  ])
  return table(['collector', 'node', 'why', 'what to do'], rows)
}

export function costs({ record }: CaseData): Html {
  const { observerCpuNs, wallNs } = record.cost
  const share = wallNs === 0 ? '' : `, ${((observerCpuNs / wallNs) * 100).toFixed(1)} % of one CPU`
  const sentence = `Quarry and its collectors took ${formatDuration(observerCpuNs / 1e6)} of CPU time in ${formatDuration(wallNs / 1e6)}${share}.`
  const rows = collectorCosts(record).map(({ collector, tier, turns, cpuNs, wallNs: took, rows: count }) => [
    td(collector),
    td(html`<i class="dot tier-${tier}"></i>${tier}`),
    figure(turns),
    figure(formatDuration(cpuNs / 1e6)),
    figure(formatDuration(took / 1e6)),
    figure(count.toLocaleString('en-US')),
  ])
  const each = rows.length > 0 && table(['collector', 'tier', 'turns', 'CPU', 'took', 'rows'], rows, FIGURES)
  return html`<p>${sentence}</p>
    ${each}`
}

const STATUS = { pass: 'ok', fail: 'failed', unknown: 'unknown' } as const

export function checks({ record }: CaseData): Html {
  if (record.checks.length === 0) return html`<p class="none">No checker was asked for.</p>`
  const rows = record.checks.map(({ name, checker, verdict, message }) => [
    td(shortened(name, 100), html` <small>${checker}</small>`),
    html`<td class="status-${STATUS[verdict]}">${verdict}</td>`,
    td(prose(shortened(message, 1000))),
  ])
  return table(['check', 'verdict', 'why'], rows)
}
