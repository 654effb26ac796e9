/** The live view of a run: a few lines at the bottom of a terminal, drawn again four times a second. */
import { stripVTControlCharacters, styleText } from 'node:util'
import { formatDuration } from '../../base/duration.ts'
import type { ProgressEvent } from '../../engine/progress.ts'
import { createView, take } from './view.ts'
import type { ProbeView, RunView, RungView, SymptomView } from './view.ts'

const FRAME_MS = 250
const BARS = '▁▂▃▄▅▆▇█'
const TIERS = ['read', 'sample', 'trace', 'stop', 'change']

export interface ProgressRenderer extends Disposable {
  readonly take: (event: ProgressEvent) => void
}

/** Draws on a terminal until it is disposed; what it drew last stays. */
export function liveProgress(terminal: NodeJS.WriteStream): ProgressRenderer {
  const view = createView(Date.now())
  let drawn = 0
  const draw = (): void => {
    const width = Math.max(40, terminal.columns ?? 80)
    const lines = render(view, Date.now()).map((line) => cut(line, width - 1))
    const up = drawn > 0 ? `\u001B[${drawn}A` : ''
    terminal.write(`${up}\r\u001B[0J${lines.join('\n')}\n`)
    drawn = lines.length
  }
  const timer = setInterval(draw, FRAME_MS)
  return {
    take: (event) => take(view, event, Date.now()),
    [Symbol.dispose]: () => {
      clearInterval(timer)
      draw()
    },
  }
}

/** The lines of the view at time `now`, ms. */
export function render(view: RunView, now: number): string[] {
  const elapsed = formatDuration(now - view.began)
  const expected =
    view.expectedMs === null ? '' : styleText('dim', ` of about ${formatDuration(view.expectedMs)}`)
  const lines = [`${styleText('bold', view.id)}  ${styleText('cyan', view.state)}  ${elapsed}${expected}`]
  const modules = [...view.modules.values()].map(({ name, state }) => `${moduleMark(state)} ${name}`)
  if (modules.length > 0) lines.push(`  modules  ${modules.join('  ')}`)
  for (const probe of view.probes.values()) lines.push(`  probe    ${probeLine(probe)}`)
  for (const symptom of view.symptoms.values()) lines.push(`  symptom  ${symptomLine(symptom, now)}`)
  if (view.climb !== null) lines.push(...climbLines(view.climb, now))
  for (const note of view.notes) lines.push(styleText('yellow', `  ${oneLine(note)}`))
  return lines
}

function moduleMark(state: 'running' | 'ended' | 'failed'): string {
  if (state === 'running') return styleText('cyan', '▶')
  return state === 'ended' ? styleText('green', '✔') : styleText('red', '✘')
}

function probeLine({ name, success, error, recent }: ProbeView): string {
  const mark = success ? styleText('green', '✔') : styleText('red', '✘')
  const last = recent.at(-1) ?? 0
  const told = success ? formatDuration(last) : oneLine(error)
  return `${mark} ${name.padEnd(16)} ${sparkline(recent)}  ${told}`
}

function symptomLine({ name, state, since, value }: SymptomView, now: number): string {
  const color = state === 'showing' ? 'red' : state === 'pending' || state === 'unknown' ? 'yellow' : 'green'
  const told = styleText(color, state)
  const number = value === null ? '' : `  value ${Number(value.toPrecision(4))}`
  return `${name.padEnd(18)} ${told} for ${formatDuration(now - since)}${number}`
}

function climbLines(climb: NonNullable<RunView['climb']>, now: number): string[] {
  const done = climb.rungs.filter(({ status }) => status !== null).length
  const head = `  ladder   ${climb.capture}  ${climb.ended ? 'climbed' : `rung ${done + 1} of ${climb.total}`}`
  const tiers = TIERS.flatMap((tier) => {
    const rungs = climb.rungs.filter((rung) => rung.tier === tier)
    return rungs.length === 0
      ? []
      : [`    ${tier.padEnd(7)} ${rungs.map((rung) => rungText(rung, now)).join('  ')}`]
  })
  return [head, ...tiers]
}

function rungText({ collector, status, began, cured }: RungView, now: number): string {
  if (status === null) return styleText('cyan', `▶ ${collector} ${formatDuration(now - began)}`)
  if (cured) return styleText('magenta', `★ ${collector} cured it`)
  if (status === 'ok') return `${styleText('green', '✔')} ${collector}`
  return status === 'missing' || status === 'skipped'
    ? styleText('dim', `– ${collector}`)
    : styleText('red', `✘ ${collector}`)
}

/** Heights relative to the largest value, so that a slow attempt stands out among quick ones. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values, Number.MIN_VALUE)
  return values.map((value) => BARS[Math.min(7, Math.floor((value / top) * 7.999))] ?? ' ').join('')
}

/** Text from a system under test, made safe for a terminal line. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/[\u0000-\u001F\u007F-\u009F]+/g, ' ')

/** Cuts a styled line to a width in characters, keeping whole escape sequences. */
function cut(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line
  let visible = 0
  let out = ''
  for (const part of line.split(/(\u001B\[[0-9;]*m)/)) {
    if (part.startsWith('\u001B')) out += part
    else {
      out += part.slice(0, Math.max(0, width - visible))
      visible += part.length
    }
  }
  return out
}
