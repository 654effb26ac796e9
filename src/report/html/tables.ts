/** Bars and tables of whatever rows a query gave. */
import { formatValue } from '../format.ts'
import type { Cell, TableRow } from '../shown-findings.ts'
import { shortened } from '../text.ts'
import { Html, html, type HtmlValue } from './html.ts'

const MOST_CHARACTERS = 300
const RIGHT = html` class="number"`

/** A table that scrolls sideways where it is wider than the page; columns of `figures` are aligned to the right. */
export const table = (
  columns: readonly string[],
  rows: readonly (readonly Html[])[],
  figures: readonly string[] = [],
): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th${figures.includes(name) && RIGHT}>${shortened(name, 60)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`

/** A cell of text. */
export const td = (...content: readonly HtmlValue[]): Html => html`<td>${content}</td>`

/** A cell of figures, aligned to the right. */
export const figure = (content: HtmlValue): Html => html`<td class="number">${content}</td>`

/** Horizontal bars: rows with `label` and `value`, in the order of the rows. */
export function barChart(rows: readonly TableRow[], unit: string): Html {
  const bars = rows.map(({ label, value }) => ({ label: textOf(label ?? null), value: Number(value ?? 0) }))
  if (bars.length === 0) return html`<p class="none">no rows</p>`
  const top = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const bar = (value: number): string => `width:${((Math.max(0, value) / top) * 100).toFixed(2)}%`
  return html`<table class="bars">
    ${bars.map(
      ({ label, value }) =>
        html`<tr>
          <th>${shortened(label, 120)}</th>
          <td><i style="${bar(value)}"></i></td>
          <td class="number">${formatValue(value, unit)}</td>
        </tr> `,
    )}
  </table>`
}

/** A table of whatever columns the rows have. */
export function dataTable(rows: readonly TableRow[]): Html {
  const [first] = rows
  if (first === undefined) return html`<p class="none">no rows</p>`
  const columns = Object.keys(first)
  return table(
    columns,
    rows.map((row) => columns.map((name) => cell(row[name] ?? null))),
    columns.filter((name) => rows.some((row) => isFigure(row[name] ?? null))),
  )
}

const isFigure = (value: Cell): boolean => typeof value === 'number' || typeof value === 'bigint'

const cell = (value: Cell): Html => (isFigure(value) ? figure(textOf(value)) : td(textOf(value)))

/** A value of a query as text: six digits of a fraction, a list with arrows from the leaf to the root. */
export function textOf(value: Cell): string {
  if (value === null) return ''
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)))
  return shortened(Array.isArray(value) ? value.join(' ← ') : String(value), MOST_CHARACTERS)
}
