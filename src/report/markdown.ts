/** The case file as Markdown, for issues and pull requests; what GitHub makes of it is what counts. */
import { formatDuration } from '../base/duration.ts'
import type { CaptureRecord } from '../model/run.ts'
import type { CaseData } from './case-data.ts'
import { collectorCosts } from './cost.ts'
import { formatConfidence } from './format.ts'
import { textOf } from './html/tables.ts'
import { cell, code, fenced, inline } from './markdown-text.ts'
import type { ShownFinding, TableRow } from './shown-findings.ts'
import { shortened } from './text.ts'

const ROWS = 10
const MOST_SQL = 4000
/** GitHub takes 65,536 characters in an issue. */
const MOST_SURE = 30
const MOST_UNSURE = 20

/** Verdict, answer, findings with their queries and rows, ladder, what was not looked at, cost and checks. */
export function caseMarkdown(data: CaseData): string {
  const { record, result, nextStep, findings, span } = data
  const took = formatDuration(Number(span.to - span.from) / 1e6)
  const lines = [
    `# ${result.verdict.toUpperCase()}: ${inline(record.description ?? record.definition)}`,
    '',
    ...(record.partial ? ['*This run did not come to its end: what follows is what was saved.*', ''] : []),
    inline(result.answer),
    '',
    ...(nextStep === '' ? [] : [`**Next:** ${inline(nextStep)}`, '']),
    `Run ${code(record.id)} of ${code(record.definition)} on ${inline(record.host)}, ${took}, by Quarry ${record.quarry}.`,
    '',
    ...record.errors.map(({ state, message }) => `- While ${state}: ${inline(message)}`),
    '',
    '## Findings',
    '',
    ...findingLines(findings),
    ...record.captures.flatMap(ladderLines),
    ...notLookedAtLines(data),
    ...costLines(data),
    ...checkLines(data),
  ]
  return `${lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`
}

function findingLines(findings: readonly ShownFinding[]): string[] {
  const sure = findings.filter(({ finding }) => finding.confident)
  const unsure = findings.filter(({ finding }) => !finding.confident)
  const lines = sure.slice(0, MOST_SURE).flatMap(({ finding, rows }) => {
    const { rank, statement, kind, layer, confidence, sql } = finding
    const tags = `${kind}, ${layer}, ${formatConfidence(confidence)}`
    const query = [
      '<details><summary>query and rows</summary>',
      '',
      ...fenced('sql', shortened(sql, MOST_SQL)),
    ]
    return indented(`${rank}. `, [
      `${inline(statement)} (${tags})`,
      '',
      ...query,
      '',
      ...dataLines(rows),
      '</details>',
      '',
    ])
  })
  if (sure.length === 0) lines.push('Nothing that the evidence is sure of.', '')
  if (sure.length > MOST_SURE)
    lines.push(`And ${sure.length - MOST_SURE} more in the run's own case file.`, '')
  if (unsure.length === 0) return lines
  const listed = unsure.slice(0, MOST_UNSURE).map(({ finding }) => `- ${inline(finding.statement)}`)
  const more = unsure.length - listed.length
  const rest = more > 0 ? [`- and ${more} more`] : []
  return [
    ...lines,
    `<details><summary>${unsure.length} less sure</summary>`,
    '',
    ...listed,
    ...rest,
    '',
    '</details>',
    '',
  ]
}

/** The lines of a list item: what follows the first is indented to its text. */
const indented = (marker: string, [first = '', ...rest]: readonly string[]): string[] => [
  marker + first,
  ...rest.map((line) => (line === '' ? '' : ' '.repeat(marker.length) + line)),
]

function dataLines(rows: readonly TableRow[]): string[] {
  const columns = Object.keys(rows[0] ?? {})
  if (columns.length === 0) return []
  return table(
    columns,
    rows.slice(0, ROWS).map((row) => columns.map((name) => textOf(row[name] ?? null))),
  )
}

function ladderLines({ id, rungs }: CaptureRecord): string[] {
  const rows = rungs.map(({ collector, tier, status, rows: count, symptomAfter }) => [
    collector,
    tier,
    status,
    String(count),
    symptomAfter === null ? '' : symptomAfter ? 'still there' : 'GONE',
  ])
  return [
    `## Ladder ${inline(id)}`,
    '',
    ...table(['collector', 'tier', 'result', 'rows', 'symptom after it'], rows),
  ]
}

function notLookedAtLines({ result }: CaseData): string[] {
  if (result.notLookedAt.length === 0) return []
  const rows = result.notLookedAt.map(({ collector, node = '', why, remedy }) => [
    collector,
    node,
    why,
    remedy,
  ])
  return ['## Not looked at', '', ...table(['collector', 'node', 'why', 'what to do'], rows)]
}

function costLines({ record }: CaseData): string[] {
  const { observerCpuNs, wallNs } = record.cost
  const dearest = collectorCosts(record)
    .slice(0, 3)
    .map(({ collector, cpuNs }) => `${inline(collector)} ${formatDuration(cpuNs / 1e6)}`)
  const most = dearest.length === 0 ? '' : `; the dearest collectors: ${dearest.join(', ')}`
  const cpu = formatDuration(observerCpuNs / 1e6)
  return ['## What observing cost', '', `${cpu} of CPU time in ${formatDuration(wallNs / 1e6)}${most}.`, '']
}

function checkLines({ record }: CaseData): string[] {
  if (record.checks.length === 0) return []
  const lines = record.checks.map(
    ({ name, verdict, message }) => `- ${inline(name)}: **${verdict}**, ${inline(message)}`,
  )
  return ['## Judged by', '', ...lines]
}

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(columns),
  `|${columns.map(() => '---|').join('')}`,
  ...rows.map(row),
  '',
]

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
