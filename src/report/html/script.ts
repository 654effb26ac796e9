/** The page's only script: zoom, hover and search in flame graphs, and the filter of the facts. Nothing needs it. */
import { createHash } from 'node:crypto'
import { Html } from './html.ts'

const pageScript = `
'use strict'
for (const flames of document.querySelectorAll('.flames')) {
  const said = flames.querySelector('output')
  const graphs = [...flames.querySelectorAll('.flame')].map((graph) =>
    [...graph.querySelectorAll('i')].map((box) => ({
      box, depth: [...graph.children].reverse().indexOf(box.parentNode),
      left: parseFloat(box.style.left), width: parseFloat(box.style.width) })))
  const zoom = (boxes, chosen) => {
    for (const { box, depth, left, width } of boxes) {
      const holds = depth <= chosen.depth && left <= chosen.left + 0.01 && left + width >= chosen.left + chosen.width - 0.01
      const inside = depth >= chosen.depth && left >= chosen.left - 0.01 && left + width <= chosen.left + chosen.width + 0.01
      box.hidden = !holds && !inside
      box.style.left = (holds ? 0 : (left - chosen.left) / chosen.width * 100) + '%'
      box.style.width = (holds ? 100 : width / chosen.width * 100) + '%'
    }
  }
  for (const boxes of graphs) for (const one of boxes) {
    one.box.addEventListener('click', () => zoom(boxes, one))
    one.box.addEventListener('mouseenter', () => {
      const other = one.box.dataset.o === undefined ? '' : ' here, ' + one.box.dataset.o + ' % on the other side'
      const kernel = one.box.classList.contains('k') ? ' [kernel]' : ''
      said.value = one.box.title = one.box.textContent + kernel + ': ' + one.width.toFixed(1) + ' %' + other
    })
  }
  const search = flames.querySelector('input')
  search.addEventListener('input', () => {
    const word = search.value.trim().toLowerCase()
    const shares = graphs.map((boxes) => {
      const found = boxes.filter(({ box }) => {
        const hit = word !== '' && box.textContent.toLowerCase().includes(word)
        box.classList.toggle('hit', hit)
        return hit
      })
      // A frame below another that matches counts once.
      let share = 0, until = -1
      for (const { left, width } of found.sort((a, b) => a.left - b.left || b.width - a.width)) {
        if (left + width <= until + 0.005) continue
        share += left + width - Math.max(left, until)
        until = left + width
      }
      return share.toFixed(1) + ' %'
    })
    said.value = word === '' ? '' : 'matched: ' + shares.join(' sick, ') + (shares.length > 1 ? ' healthy' : '')
  })
}
const filter = document.querySelector('#facts input')
if (filter) filter.addEventListener('input', () => {
  const word = filter.value.trim().toLowerCase()
  for (const group of document.querySelectorAll('#facts details')) {
    let shown = 0
    for (const row of group.querySelectorAll('tr')) {
      row.hidden = !row.textContent.toLowerCase().includes(word)
      if (!row.hidden) shown += 1
    }
    group.hidden = shown === 0
    group.open = word !== '' && shown > 0
  }
})
`

/** Its element, character by character what the policy has the hash of. */
export const scriptElement = new Html(`<script>${pageScript}</script>`)

/** The policy by which a browser runs this script and no other, and fetches nothing (https://www.w3.org/TR/CSP3/). */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash('sha256').update(pageScript).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')
