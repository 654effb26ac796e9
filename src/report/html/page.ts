/** The case file as one page that needs nothing else: no network, no script for reading. */
import { formatDuration } from '../../base/duration.ts'
import type { CaptureRecord } from '../../model/run.ts'
import type { CaseData, ShownFinding } from '../case-data.ts'
import { barChart, dataTable, lineChart, type TimeFrame } from './chart.ts'
import { flameGraphs, flameScript } from './flame.ts'
import { Html, html } from './html.ts'
import { formatValue } from './scale.ts'
import { style } from './style.ts'
import { timeFrameOf, timeline } from './timeline.ts'

/** The whole page. */
export function casePage(data: CaseData): string {
  const { record, result } = data
  const frame = timeFrameOf(data)
  const sure = data.findings.filter(({ finding }) => finding.confident)
  const unsure = data.findings.filter(({ finding }) => !finding.confident)
  const title = `${result.verdict}: ${record.description ?? record.definition}`
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
        />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <main>
          ${head(data)}
          <h2>Timeline</h2>
          ${timeline(data, frame)} ${probeCharts(data, frame)}
          <h2>Findings</h2>
          ${sure.length === 0 ? html`<p class="none">nothing that the evidence is sure of</p>` : sure.map((one) => findingCard(one, frame))}
          ${
            unsure.length === 0
              ? ''
              : html`<details>
                  <summary>${unsure.length} less sure</summary>
                  ${unsure.map((one) => findingCard(one, frame))}
                </details>`
          }
          ${
            data.profile.sick.length + data.profile.healthy.length === 0
              ? ''
              : html`<h2>Where the CPU time goes</h2>
                  ${flameGraphs(data.profile)}`
          }
          <h2>The ladder</h2>
          ${record.captures.length === 0 ? html`<p class="none">it was not climbed: no symptom asked for it</p>` : record.captures.map(ladder)}
          <h2>Not looked at</h2>
          ${notLookedAt(data)}
          <h2>Judged by</h2>
          ${checks(data)} ${facts(data)}
        </main>
        <script>
          ${new Html(flameScript)}
        </script>
      </body>
    </html>`.text
  }\n`
}

function head({ record, result, nextStep, from, to }: CaseData): Html {
  const parameters = Object.entries(record.parameters)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  const meta: [string, string][] = [
    ['run', record.id],
    ['definition', record.definition],
    ['host', record.host],
    ['began', new Date(Number(from / 1_000_000n)).toISOString()],
    ['took', formatDuration(Number(to - from) / 1e6)],
    ['parameters', parameters],
    [
      'CPU time of observing',
      `${formatDuration(record.cost.observerCpuNs / 1e6)} of ${formatDuration(record.cost.wallNs / 1e6)}`,
    ],
  ]
  return html`<header>
    <span class="verdict ${result.verdict}">${result.verdict}</span>
    <h1>${record.description ?? record.definition}</h1>
    <p class="answer">${result.answer}</p>
    ${nextStep === '' ? '' : html`<p class="next"><b>Next:</b> ${nextStep}</p>`}
    <dl class="meta">
      ${meta
        .filter(([, value]) => value !== '')
        .map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
    </dl>
    ${record.errors.map(({ state, message, remedy }) => html`<p class="bad"><b>${state}:</b> ${message}${remedy === undefined ? '' : html` <small>${remedy}</small>`}</p>`)}
  </header>`
}

/** How long the probes of the symptom took, around its onset. */
function probeCharts(data: CaseData, frame: TimeFrame): Html {
  const names = new Set(data.record.symptoms.flatMap(({ probes }) => probes))
  const rows = data.probes
    .filter(({ probe }) => names.has(probe))
    .map(({ ts, probe, duration_ns }) => ({ ts, value: Number(duration_ns) / 1e9, series: probe }))
  return rows.length === 0
    ? html``
    : html`<figure>
        <figcaption>
          Time that the probes of the symptom took (red: the symptom showed; green: the reference was
          captured)
        </figcaption>
        ${lineChart(rows, 's', frame)}
      </figure>`
}

function findingCard({ finding, chart, rows, error }: ShownFinding, frame: TimeFrame): Html {
  const { rank, kind, layer, statement, effect, confidence, confident, sql } = finding
  const { value, unit, reference, ratio } = effect
  const against = reference === undefined ? '' : ` against ${formatValue(reference, unit)}`
  const factor = ratio === undefined ? '' : `, ${Number(ratio.toPrecision(3))} times`
  return html`<article class="finding ${confident ? '' : 'unsure'}" id="${finding.id}">
    <div class="head">
      <span class="rank">${rank}</span>
      <p class="statement">${statement}</p>
    </div>
    <p class="tags">
      <b>${kind}</b> · ${layer} · ${formatValue(value, unit)}${against}${factor} ·
      ${(confidence * 100).toFixed(confidence > 0.999 ? 2 : 1)} % sure
    </p>
    <div class="body">
      ${error === null ? (chart === null ? '' : findingChart(chart, frame)) : html`<p class="bad">its query could not be run: ${error}</p>`}
      <details>
        <summary>Query and rows behind it</summary>
        <pre>${sql}</pre>
        ${dataTable(rows)}
      </details>
    </div>
  </article>`
}

function findingChart({ spec, rows }: NonNullable<ShownFinding['chart']>, frame: TimeFrame): Html {
  const drawn = (): Html => {
    if (spec.type === 'lines') return lineChart(rows, spec.unit, frame)
    if (spec.type === 'bars') return barChart(rows, spec.unit)
    return spec.type === 'table'
      ? dataTable(rows.slice(0, 12))
      : html`<p class="none">see the flame graphs below</p>`
  }
  return html`<figure>
    <figcaption>${spec.title}</figcaption>
    ${drawn()}
  </figure>`
}

function ladder({ id, role, symptom, targets, rungs }: CaptureRecord): Html {
  const climbed =
    role === 'sick'
      ? `on the sick system${symptom === null ? '' : ` (${symptom})`}`
      : `on the ${role === 'cured' ? 'cured' : 'healthy'} system`
  return html`<h3>${id} <small>${climbed}</small></h3>
    ${targets.length === 0 ? '' : html`<p class="soft">Looked at: ${targets.map(({ pid, comm, why }) => `${comm} (${pid}), which ${why}`).join('; ')}</p>`}
    <div class="scroll">
      <table class="data">
        <thead>
          <tr>
            <th>collector</th>
            <th>tier</th>
            <th>node</th>
            <th>result</th>
            <th>rows</th>
            <th>bad lines</th>
            <th>CPU</th>
            <th>took</th>
            <th>symptom after it</th>
          </tr>
        </thead>
        <tbody>
          ${rungs.map(
            (rung) =>
              html`<tr>
                <td>${rung.collector}</td>
                <td>${rung.tier}</td>
                <td>${rung.node}</td>
                <td class="status-${rung.status}">
                  ${rung.status}${rung.why === undefined ? '' : html` <small>${rung.why}</small>`}
                </td>
                <td class="number">${rung.rows}</td>
                <td class="number">${rung.badLines}</td>
                <td class="number">${formatDuration(rung.costCpuNs / 1e6)}</td>
                <td class="number">${formatDuration(Number(BigInt(rung.to) - BigInt(rung.from)) / 1e6)}</td>
                <td>
                  ${rung.symptomAfter === null ? '' : rung.symptomAfter ? 'still there' : html`<b>gone</b>`}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}

function notLookedAt({ result }: CaseData): Html {
  return result.notLookedAt.length === 0
    ? html`<p class="none">every collector that was asked for could look</p>`
    : html`<table>
        <thead>
          <tr>
            <th>collector</th>
            <th>node</th>
            <th>why</th>
            <th>what to do</th>
          </tr>
        </thead>
        <tbody>
          ${result.notLookedAt.map(
            ({ collector, node = '', why, remedy }) =>
              html`<tr>
                <td>${collector}</td>
                <td>${node}</td>
                <td>${why}</td>
                <td><code>${remedy}</code></td>
              </tr>`,
          )}
        </tbody>
      </table>`
}

function checks({ record }: CaseData): Html {
  return html`<table>
    <tbody>
      ${record.checks.map(
        ({ name, checker, verdict, message }) =>
          html`<tr>
            <td>${name} <small>${checker}</small></td>
            <td
              class="${verdict === 'pass' ? 'status-ok' : verdict === 'fail' ? 'status-failed' : 'status-missing'}"
            >
              ${verdict}
            </td>
            <td>${message}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}

function facts({ facts: rows }: CaseData): Html {
  return rows.length === 0
    ? html``
    : html`<h2>Facts</h2>
        <details>
          <summary>${rows.length} facts of the nodes</summary>
          <table class="data">
            <tbody>
              ${rows.map(
                ({ key, value, node }) =>
                  html`<tr>
                    <td><code>${key}</code></td>
                    <td>${value}</td>
                    <td class="soft">${node}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </details>`
}
