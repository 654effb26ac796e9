/** A picture of what clients did to one register: a row for each, a bar for each attempt. */
import type { Attempt } from './attempts.ts'

const WIDTH = 1200
const LEFT = 120
const ROW = 26
/** Attempts around the one that is stuck. */
const MOST = 120

/** What an attempt did, such as `write 3` or `cas 1 to 2`. */
export const inWords = (attempt: Attempt): string =>
  attempt.f === 'cas' ? `cas ${attempt.from} to ${attempt.to}` : `${attempt.f} ${attempt.value}`

/** An SVG document; what was put in order has its number, and the attempt that is stuck is red. */
export function timeline(
  title: string,
  attempts: readonly Attempt[],
  order: readonly Attempt[],
  stuck: Attempt,
): string {
  const sorted = attempts.toSorted((a, b) => (a.call < b.call ? -1 : 1))
  const middle = sorted.indexOf(stuck)
  const shown = sorted.slice(Math.max(0, middle - MOST / 2), middle + MOST / 2)
  const clients = [...new Set(shown.map(({ client }) => client))].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  )
  const times = shown.flatMap(({ call, end }) => [call, end ?? call])
  const from = times.reduce((a, b) => (a < b ? a : b))
  const to = times.reduce((a, b) => (a > b ? a : b))
  const span = Number(to - from) || 1
  const x = (time: bigint): number => LEFT + (Number(time - from) / span) * (WIDTH - LEFT - 20)
  const height = 50 + clients.length * ROW
  const bars = shown.map((attempt) => {
    const left = x(attempt.call)
    const width = Math.max(3, (attempt.end === undefined ? WIDTH - 5 : x(attempt.end)) - left)
    const y = 40 + clients.indexOf(attempt.client) * ROW
    const place = order.indexOf(attempt)
    const kind =
      attempt === stuck ? 'stuck' : attempt.end === undefined ? 'open' : place < 0 ? 'left' : 'placed'
    const label = `${place < 0 ? '' : `${place + 1}. `}${inWords(attempt)}`
    const title = `client ${attempt.client}: ${label}${attempt.end === undefined ? ', its end was never seen' : ''}`
    return [
      `<g class="${kind}"><title>${escaped(title)}</title>`,
      `<rect x="${left.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 6}" rx="3"/>`,
      `<text x="${(left + 4).toFixed(1)}" y="${y + 14}">${escaped(label)}</text></g>`,
    ].join('')
  })
  const names = clients.map(
    (client, row) => `<text x="8" y="${54 + row * ROW}">client ${escaped(client)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">
<style>
  text { font: 12px sans-serif; fill: #222 }
  rect { stroke: #555 }
  .placed rect { fill: #cfe8cf }
  .left rect { fill: #e4e4e4 }
  .open rect { fill: #f4ecc8; stroke-dasharray: 4 }
  .stuck rect { fill: #f2b8b8; stroke: #b00 }
</style>
<rect width="100%" height="100%" style="fill: white; stroke: none"/>
<text x="8" y="20">${escaped(title)}</text>
${[...names, ...bars].join('\n')}
</svg>
`
}

const escaped = (text: string): string =>
  text.slice(0, 200).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
