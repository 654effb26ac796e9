/** The lines of the live view: never more than the terminal has, never wider. */
import { styleText } from 'node:util'
import { formatDuration } from '../../base/duration.ts'
import { tiers } from '../../model/tier.ts'
import { cut, oneLine, padded, widthOf } from './terminal-text.ts'
import type { ModuleView, ProbeView, RunView, RungView, SymptomView } from './view.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Colours are for terminals, and whoever draws has made sure of one. */
export const styled = (style: Style | Style[], text: string): string =>
  styleText(style, text, { validateStream: false })

export type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'magenta' | 'red' | 'yellow'

const BAR_WIDTH = 24
const LABEL = 11
const MOST_NOTES = 3
/** Between two rungs. */
const GAP = '  '
/** `99 before` and a gap. */
const HIDDEN_WIDTH = 11
export const BARS = '▁▂▃▄▅▆▇█'

/** The view at time `now`, ms. Where it is too high, probes go first, then symptoms; their number is told. */
export function render(view: RunView, now: number, { columns, rows }: Size): string[] {
  const top = [header(view, now), ...moduleLines(view, columns)]
  const bottom = [
    ...(view.climb === null ? [] : climbLines(view.climb, now, columns)),
    ...view.notes.slice(-MOST_NOTES).map((note) => styled('yellow', `  ${oneLine(note)}`)),
  ]
  const room = Math.max(0, rows - top.length - bottom.length)
  const symptoms = symptomLines([...view.symptoms.values()], now, Math.max(1, Math.floor(room / 2)), columns)
  const probes = probeLines([...view.probes.values()], Math.max(0, room - symptoms.length), columns)
  const lines = [...top, ...probes, ...symptoms, ...bottom]
  return lines.slice(0, rows).map((line) => cut(line, columns))
}

function header(view: RunView, now: number): string {
  const elapsed = now - view.began
  const expected =
    view.expectedMs === null
      ? ''
      : `${styled('dim', ` of about ${formatDuration(view.expectedMs)}`)}  ${bar(elapsed / view.expectedMs)}`
  const seconds = formatDuration(Math.floor(elapsed / 1000) * 1000)
  return `${styled('bold', view.id)}  ${styled('cyan', view.state)}  ${seconds}${expected}`
}

/** How much of the expected time has gone; full, and no more than that, when it takes longer. */
function bar(share: number): string {
  const full = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH))
  return styled('cyan', '━'.repeat(full)) + styled('dim', '╌'.repeat(BAR_WIDTH - full))
}

const labelled = (label: string, text: string): string => `  ${label.padEnd(LABEL - 2)}${text}`

/** Those that run and those that failed by name; how many have ended where there is no room for all. */
function moduleLines({ modules }: RunView, columns: number): string[] {
  if (modules.size === 0) return []
  const all = [...modules.values()]
  const inFull = all.map(moduleText).join('  ')
  const ended = all.filter(({ state }) => state === 'ended').length
  const others = all.filter(({ state }) => state !== 'ended').map(moduleText)
  const brief = [...(ended > 0 ? [`${styled('green', '✔')} ${ended} ended`] : []), ...others].join('  ')
  const fits = cut(inFull, columns - LABEL) === inFull
  return [labelled('modules', fits ? inFull : brief)]
}

function moduleText({ name, state }: ModuleView): string {
  const marks = { running: styled('cyan', '▶'), ended: styled('green', '✔'), failed: styled('red', '✘') }
  return `${marks[state]} ${oneLine(name)}`
}

/** The failing ones first where there is no room for all. */
function probeLines(probes: readonly ProbeView[], room: number, columns: number): string[] {
  if (probes.length === 0 || room === 0) return []
  if (probes.length <= room) return probes.map((probe) => labelled('probe', probeText(probe, columns)))
  const ordered = probes.toSorted((a, b) => Number(a.success) - Number(b.success))
  const shown = ordered.slice(0, room - 1)
  const left = ordered.slice(room - 1)
  const failing = left.filter(({ success }) => !success).length
  const more = `${left.length} more probes, ${failing === 0 ? 'all answer' : `${failing} fail`}`
  return [
    ...shown.map((probe) => labelled('probe', probeText(probe, columns))),
    labelled('', styled('dim', more)),
  ]
}

function probeText({ name, success, error, recent }: ProbeView, columns: number): string {
  const mark = success ? styled('green', '✔') : styled('red', '✘')
  const told = success ? formatDuration(recent.at(-1) ?? 0) : oneLine(error)
  const sparks = sparkline(columns < 60 ? recent.slice(-8) : recent)
  return `${mark} ${padded(oneLine(name), 16)} ${padded(sparks, columns < 60 ? 8 : 24)}  ${told}`
}

/** What shows or is about to comes first where there is no room for all. */
function symptomLines(
  symptoms: readonly SymptomView[],
  now: number,
  room: number,
  columns: number,
): string[] {
  const order = ['showing', 'pending', 'gone', 'unknown', 'healthy']
  const line = (one: SymptomView): string => labelled('symptom', symptomText(one, now, columns))
  if (symptoms.length <= room) return symptoms.map(line)
  const ordered = symptoms.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  const more = `${ordered.length - room + 1} more symptoms`
  return [...ordered.slice(0, room - 1).map(line), labelled('', styled('dim', more))]
}

const SYMPTOM_STYLES: Readonly<Record<SymptomView['state'], Style>> = {
  unknown: 'yellow',
  healthy: 'green',
  pending: 'yellow',
  showing: 'red',
  gone: 'green',
}

function symptomText({ name, state, since, value }: SymptomView, now: number, columns: number): string {
  const style = SYMPTOM_STYLES[state]
  const number = value === null ? '' : styled('dim', `  value ${Number(value.toPrecision(4))}`)
  const lasted = formatDuration(Math.floor((now - since) / 1000) * 1000)
  return `${padded(oneLine(name), columns < 60 ? 12 : 18)} ${styled(style, state)} for ${lasted}${number}`
}

/** A line for each tier that has been reached; its first rungs are counted where there is no room for all. */
function climbLines(climb: NonNullable<RunView['climb']>, now: number, columns: number): string[] {
  const done = climb.rungs.filter(({ status }) => status !== null).length
  const where = climb.ended
    ? `climbed, ${done} rungs`
    : `rung ${Math.min(done + 1, climb.total)} of ${climb.total}`
  const lines = tiers.flatMap((tier) => {
    const rungs = climb.rungs.filter((rung) => rung.tier === tier)
    return rungs.length === 0
      ? []
      : [`    ${tier.padEnd(LABEL - 4)}${rungsText(rungs, now, columns - LABEL)}`]
  })
  return [labelled('ladder', `${climb.capture}  ${styled('dim', where)}`), ...lines]
}

/** As many of the last rungs as there is room for. */
function rungsText(rungs: readonly RungView[], now: number, columns: number): string {
  const texts = rungs.map((rung) => rungText(rung, now))
  let room = columns + GAP.length
  const fits = (text: string, index: number): boolean => {
    room -= widthOf(text) + GAP.length
    // Those that are counted need room, too, unless there are none.
    return room >= (index === 0 ? 0 : HIDDEN_WIDTH)
  }
  const first = texts.findLastIndex((text, index) => !fits(text, index)) + 1
  if (first === 0) return texts.join(GAP)
  const kept = Math.min(first, texts.length - 1)
  return [styled('dim', `${kept} before`), ...texts.slice(kept)].join(GAP)
}

function rungText({ collector, status, began, cured }: RungView, now: number): string {
  if (status === null)
    return styled('cyan', `▶ ${collector} ${formatDuration(Math.floor((now - began) / 1000) * 1000)}`)
  if (cured) return styled(['bold', 'magenta'], `★ ${collector} cured it`)
  if (status === 'ok') return `${styled('green', '✔')} ${collector}`
  return status === 'missing' || status === 'skipped'
    ? styled('dim', `– ${collector}`)
    : `${styled('red', '✘')} ${collector}`
}

/** Heights relative to the largest value, so that a slow attempt stands out among quick ones. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values, Number.MIN_VALUE)
  return values.map((value) => BARS[Math.min(7, Math.floor((value / top) * 7.999))] ?? ' ').join('')
}
