/**
 * Flame graphs of the sick and the healthy side (Gregg 2016, "The Flame Graph"). Widths are shares of a side's samples;
 * colours are the difference between the sides, red where the sick one spends more (Gregg 2014, "Differential Flame
 * Graphs"), so that what grew stands out.
 */
import type { Frame, Profile } from '../profile.ts'
import { Html, html } from './html.ts'

const WIDTH = 1000
const ROW = 17
const LEAST_SHARE = 0.002
const CHARACTER = 6.2
const MOST_DEPTH = 60

type SideName = 'sick' | 'healthy'

/** Both graphs, the sick one first; a side without samples is left out. */
export function flameGraphs(profile: Profile): Html {
  const sides = [
    ['sick', 'While the symptom showed'],
    ['healthy', 'Healthy'],
  ] as const
  return html`${sides.map(([side, title]) =>
    profile.root[side] > 0
      ? html`<figure class="flame">
          <figcaption>
            ${title}
            <small
              >(width: share of on-CPU samples; red: more than on the other side, blue: less; click to
              zoom)</small
            >
          </figcaption>
          ${graph(profile.root, side)}
        </figure>`
      : '',
  )}`
}

interface Box {
  readonly frame: Frame
  readonly left: number
  readonly depth: number
}

function graph(root: Frame, side: SideName): Html {
  const boxes: Box[] = []
  const place = (frame: Frame, left: number, depth: number): void => {
    boxes.push({ frame, left, depth })
    let at = left
    const children = [...frame.children.values()].filter((child) => child[side] >= LEAST_SHARE)
    if (depth >= MOST_DEPTH) return
    for (const child of children.toSorted((a, b) => a.name.localeCompare(b.name))) {
      place(child, at, depth + 1)
      at += child[side]
    }
  }
  place(root, 0, 0)
  const height = (Math.max(...boxes.map(({ depth }) => depth)) + 1) * ROW
  return html`<svg class="flamegraph" viewBox="0 0 ${WIDTH} ${height}" role="img">
    ${boxes.map((box) => drawn(box, side, height))}
  </svg>`
}

function drawn({ frame, left, depth }: Box, side: SideName, height: number): Html {
  const share = frame[side]
  const other = frame[side === 'sick' ? 'healthy' : 'sick']
  const change = frame.sick - frame.healthy
  const x = left * WIDTH
  const width = share * WIDTH
  const y = height - (depth + 1) * ROW
  const characters = Math.floor((width - 6) / CHARACTER)
  const label =
    characters < 3
      ? ''
      : frame.name.length <= characters
        ? frame.name
        : `${frame.name.slice(0, characters - 1)}…`
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
  return html`<g
    class="frame"
    data-x="${left.toFixed(6)}"
    data-w="${share.toFixed(6)}"
    data-d="${depth}"
    data-n="${frame.name}"
    ><title>
      ${frame.name}${frame.kernel ? ' [kernel]' : ''}: ${percent(share)} here, ${percent(other)} on the other
      side</title
    ><rect
      x="${x.toFixed(2)}"
      y="${y}"
      width="${Math.max(0.3, width - 0.4).toFixed(2)}"
      height="${ROW - 1}"
      fill="${colour(change)}"
    /><text x="${(x + 4).toFixed(2)}" y="${y + 12}">${label}</text></g
  >`
}

/** From blue over the paper's own tone to red; full colour at a difference of 40 points. */
function colour(change: number): string {
  const strength = Math.min(1, Math.abs(change) / 0.4) ** 0.6
  const light = 86 - 30 * strength
  const hue = change >= 0 ? 8 : 215
  return `hsl(${hue} ${(20 + 65 * strength).toFixed(0)}% ${light.toFixed(0)}%)`
}

/** Zooms into a frame at a click, and out again at a click on what lies below it. Everything is readable without it. */
export const flameScript = `
for (const svg of document.querySelectorAll('svg.flamegraph')) {
  const frames = [...svg.querySelectorAll('g.frame')];
  svg.addEventListener('click', (event) => {
    const chosen = event.target.closest('g.frame');
    if (!chosen) return;
    const from = +chosen.dataset.x, share = +chosen.dataset.w;
    for (const g of frames) {
      const x = +g.dataset.x, w = +g.dataset.w, rect = g.querySelector('rect'), text = g.querySelector('text');
      const below = x <= from + 1e-9 && x + w >= from + share - 1e-9 && +g.dataset.d <= +chosen.dataset.d;
      const inside = x >= from - 1e-9 && x + w <= from + share + 1e-9;
      g.style.display = below || inside ? '' : 'none';
      const left = below ? 0 : (x - from) / share, width = below ? 1 : w / share;
      rect.setAttribute('x', left * ${WIDTH});
      rect.setAttribute('width', Math.max(0.3, width * ${WIDTH} - 0.4));
      text.setAttribute('x', left * ${WIDTH} + 4);
      const room = Math.floor((width * ${WIDTH} - 6) / ${CHARACTER}), name = g.dataset.n;
      text.textContent = room < 3 ? '' : name.length <= room ? name : name.slice(0, room - 1) + '…';
    }
  });
}`
