/** The live view of a run: some lines at the bottom of a terminal, drawn again four times a second. */
import type { ProgressEvent } from '../../engine/progress.ts'
import { render, type Size } from './render.ts'
import { widthOf } from './terminal-text.ts'
import { createView, take } from './view.ts'

const FRAME_MS = 250
/** A terminal that knows it shows what is between these at once; others ignore them (DEC private mode 2026). */
const BEGIN = '\u001B[?2026h'
const END = '\u001B[?2026l'

export interface ProgressRenderer extends Disposable {
  readonly take: (event: ProgressEvent) => void
}

/** What is needed of a terminal; `process.stderr` is one. */
export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** Draws on a terminal until it is disposed; what it drew last stays. */
export function liveProgress(terminal: Terminal): ProgressRenderer {
  const view = createView(Date.now())
  const live = liveLines(terminal, (size) => render(view, Date.now(), size))
  return { take: (event) => take(view, event, Date.now()), [Symbol.dispose]: () => live[Symbol.dispose]() }
}

/** Keeps lines at the bottom of a terminal drawn until it is disposed; what it drew last stays. */
export function liveLines(terminal: Terminal, linesFor: (size: Size) => string[]): Disposable {
  let drawn: readonly string[] = []
  const draw = (again: boolean): void => {
    const columns = Math.max(20, terminal.columns ?? 80)
    const rows = Math.max(4, terminal.rows ?? 24)
    // The last column stays free: a terminal may wrap when it is written to. So does the last row, for the cursor.
    const lines = linesFor({ columns: columns - 1, rows: rows - 1 })
    if (!again && lines.join('\n') === drawn.join('\n')) return
    // After a resize the terminal has wrapped what was wider than it is now.
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    const up = height > 0 ? `\u001B[${Math.min(height, rows - 1)}A\r` : '\r'
    // Lines are written over, and only what is left of the old ones is erased: nothing flickers.
    const text = lines.map((line) => `${line}\u001B[K\n`).join('')
    terminal.write(`${BEGIN}${up}${text}\u001B[J${END}`)
    drawn = lines
  }
  const resized = (): void => draw(true)
  const timer = setInterval(() => draw(false), FRAME_MS)
  terminal.on('resize', resized)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      terminal.off('resize', resized)
      draw(true)
    },
  }
}
