/**
 * Flame graphs of the sick and the healthy side (Gregg 2016, "The Flame Graph"), the root at the bottom. Widths are
 * shares of a side's weight; colours are the difference between the sides, red where the sick one spends more (Gregg
 * 2014, "Differential Flame Graphs"), so that what grew stands out. Frames are text boxes placed in percent: they are
 * readable at any width, on paper, and without the script.
 */
import { sideNames } from '../profile.ts'
import type { Frame, SideName } from '../profile.ts'
import { shortened } from '../text.ts'
import { Html, html } from './html.ts'
import { percents } from './time-axis.ts'

/** Some two pixels. */
const LEAST_SHARE = 0.002
const MOST_BOXES = 2500
const MOST_DEPTH = 90

const TITLES = { sick: 'While the symptom showed', healthy: 'Healthy' } as const

interface Box {
  readonly frame: Frame
  readonly left: number
  readonly depth: number
}

/** Both graphs of a call tree, the sick one first; a side without samples is said to have none. */
export function flameGraphs(root: Frame, title: string): Html {
  const alone = sideNames.some((side) => root[side] === 0)
  return html`<div class="flames">
    <p class="flame-bar">
      <label>Search <input type="search" spellcheck="false" /></label><output></output>
    </p>
    ${sideNames.map((side) =>
      root[side] === 0
        ? html`<p class="none">${TITLES[side]}: no samples</p>`
        : html`<figure>
            <figcaption>${TITLES[side]}: ${title}</figcaption>
            ${graph(root, side, alone)}
          </figure>`,
    )}
  </div>`
}

/** How to read the graphs, once for a page. */
export const flameKey = html`<p class="legend flame-key">
  <span><i class="u"></i>program</span><span><i class="k"></i>kernel</span
  ><span><i class="m3"></i>more than on the other side</span><span><i class="l3"></i>less</span
  ><span>A click zooms in, a click on the bottom row out.</span>
</p>`

function graph(root: Frame, side: SideName, alone: boolean): Html {
  const boxes = largest(boxesOf(root, side), side)
  const rows = Map.groupBy(boxes, ({ depth }) => depth)
  const top = boxes.reduce((most, { depth }) => Math.max(most, depth), 0)
  const lines = Array.from({ length: top + 1 }, (_, index) => rows.get(top - index) ?? [])
  return html`<div class="flame">
    ${lines.map((line) => html`<div>${line.map((box) => drawn(box, side, alone))}</div> `)}
  </div>`
}

function boxesOf(root: Frame, side: SideName): readonly Box[] {
  const boxes: Box[] = []
  const place = (frame: Frame, left: number, depth: number): void => {
    boxes.push({ frame, left, depth })
    if (depth >= MOST_DEPTH) return
    let at = left
    // By name, so that both sides have the same order.
    for (const child of [...frame.children.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (child[side] < LEAST_SHARE) continue
      place(child, at, depth + 1)
      at += child[side]
    }
  }
  place(root, 0, 0)
  return boxes
}

/** The widest boxes: a caller is never narrower than what it calls, so that none is left without its callers. */
const largest = (boxes: readonly Box[], side: SideName): readonly Box[] =>
  boxes.length <= MOST_BOXES
    ? boxes
    : boxes.toSorted((a, b) => b.frame[side] - a.frame[side] || a.depth - b.depth).slice(0, MOST_BOXES)

function drawn({ frame, left, depth }: Box, side: SideName, alone: boolean): Html {
  const other = frame[side === 'sick' ? 'healthy' : 'sick']
  const kind = `${frame.kernel ? 'k' : 'u'}${alone || depth === 0 ? '' : shade(frame.sick - frame.healthy)}`
  const place = percents(left, frame[side])
  const against = alone ? html`` : html` data-o="${(other * 100).toFixed(1)}"`
  return html`<i class="${kind}" style="${place}" ${against}>${shortened(frame.name, 300)}</i>`
}

/** Four strengths of more and of less, by the difference of the shares. */
function shade(change: number): string {
  const strength = [0.02, 0.08, 0.2, 0.4].filter((least) => Math.abs(change) >= least).length
  return strength === 0 ? '' : ` ${change > 0 ? 'm' : 'l'}${strength}`
}
