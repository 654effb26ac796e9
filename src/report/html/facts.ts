/** Facts of the nodes, grouped by the first word of their key. */
import type { CaseData, Fact } from '../case-data.ts'
import { shortened } from '../text.ts'
import { Html, html } from './html.ts'

const MOST_CHARACTERS = 400

/** Groups that open at a click, and a box that filters them; null when nothing is known. */
export function facts({ facts: all }: CaseData): Html | null {
  if (all.length === 0) return null
  const manyNodes = new Set(all.map(({ node }) => node)).size > 1
  const groups = Map.groupBy(all, ({ key }) => key.split('.', 1)[0] ?? '')
  return html`<div id="facts">
    <p class="no-print">
      <label>Filter <input type="search" spellcheck="false" /></label>
    </p>
    ${[...groups].map(([name, rows]) => group(name, rows, manyNodes))}
  </div>`
}

const group = (name: string, rows: readonly Fact[], manyNodes: boolean): Html =>
  html`<details>
    <summary>${shortened(name, 60)} <small>${rows.length}</small></summary>
    <table>
      ${rows.map(
        ({ key, value, node }) =>
          html`<tr>
            <td><code>${shortened(key, 120)}</code></td>
            <td>${shortened(value, MOST_CHARACTERS)}</td>
            ${manyNodes && html`<td class="soft">${node}</td>`}
          </tr> `,
      )}
    </table>
  </details> `
