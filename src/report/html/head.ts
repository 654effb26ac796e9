/** What a reader sees first: the verdict, the answer, the next step, and what was run where. */
import { formatDuration } from '../../base/duration.ts'
import type { CaseData } from '../case-data.ts'
import { shortened } from '../text.ts'
import { Html, html } from './html.ts'
import { prose } from './prose.ts'

export function head({ record, result, nextStep, span }: CaseData): Html {
  const meta: [string, string][] = [
    ['run', record.id],
    ['definition', record.definition],
    ['host', record.host],
    ['began', `${new Date(Number(span.from / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
    ['took', formatDuration(Number(span.to - span.from) / 1e6)],
    ['parameters', parametersOf(record.parameters)],
    ['by', `Quarry ${record.quarry}`],
  ]
  const shown = meta.filter(([, value]) => value !== '')
  return html`<header>
    <p class="verdict ${result.verdict}">${result.verdict}</p>
    <h1>${shortened(record.description ?? record.definition, 300)}</h1>
    ${record.partial && html`<p class="warning">This run did not come to its end: what follows is what was saved.</p>`}
    <p class="answer">${prose(result.answer)}</p>
    ${nextStep !== '' && html`<p class="next"><b>Next:</b> ${prose(nextStep)}</p>`}
    <dl class="meta">
      ${shown.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${prose(shortened(value, 600))}</dd>
          </div>`,
      )}
    </dl>
    ${record.errors.map(({ state, message, remedy }) => html`<p class="warning"><b>While ${state}:</b> ${prose(message)}${remedy !== undefined && html` <small>${prose(remedy)}</small>`}</p>`)}
  </header>`
}

const parametersOf = (parameters: Readonly<Record<string, unknown>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
