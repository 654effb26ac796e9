/** The live view of a hunt: what is known, the runs as a strip, and what is still to come. */
import { formatDuration } from '../../base/duration.ts'
import type { HuntEvent } from '../../hunt/hunt.ts'
import { pointText, type Answer, type LabelledRate, type Picture, type Trial } from '../../model/hunt.ts'
import { BARS, styled, type Size, type Style } from './render.ts'
import { cut, oneLine, wrapped } from './terminal-text.ts'

export interface HuntView {
  readonly title: string
  readonly began: number
  trials: ReadonlyMap<number, Trial>
  answer: Answer | null
}

export const createHuntView = (title: string, began: number): HuntView => ({
  title,
  began,
  trials: new Map(),
  answer: null,
})

export function takeHunt(view: HuntView, event: HuntEvent): void {
  if (event.type === 'trial') view.trials = new Map([...view.trials, [event.trial.number, event.trial]])
  else {
    view.answer = event.answer
    view.trials = new Map(event.trials.map((trial) => [trial.number, trial]))
  }
}

const MARKS: Readonly<Record<Trial['outcome'], readonly [Style, string]>> = {
  shown: ['red', '■'],
  clean: ['green', '■'],
  void: ['dim', '·'],
  broken: ['yellow', '×'],
  running: ['cyan', '▶'],
}

/** The view at time `now`, ms. */
export function renderHunt(view: HuntView, now: number, { columns, rows }: Size): string[] {
  const trials = [...view.trials.values()]
  const count = (outcome: Trial['outcome']): number => trials.filter((one) => one.outcome === outcome).length
  const running = trials.filter(({ outcome }) => outcome === 'running')
  const seconds = formatDuration(Math.floor((now - view.began) / 1000) * 1000)
  const counts = (['shown', 'clean', 'void', 'broken', 'running'] as const)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${styled(MARKS[outcome][0], MARKS[outcome][1])} ${count(outcome)} ${outcome}`)
  const toGo = view.answer?.runsToGo ?? null
  const left = toGo === null || toGo === 0 ? '' : styled('dim', `  about ${toGo} more`)
  const lines = [
    `${styled('bold', oneLine(view.title))}  ${seconds}  ${counts.join('  ')}${left}`,
    ...strip(trials, columns - 2).map((line) => `  ${line}`),
    ...(view.answer === null ? [] : picture(view.answer.picture, columns - 2).map((line) => `  ${line}`)),
    ...(view.answer === null ? [] : wrapped(view.answer.sentence, columns - 2).map((line) => `  ${line}`)),
    ...(view.answer?.early === undefined
      ? []
      : wrapped(view.answer.early.sentence, columns - 2).map((line) => styled('dim', `  ${line}`))),
    ...running
      .slice(0, 4)
      .map(({ number, point, why }) =>
        styled('dim', `  ▶ ${number} ${oneLine(pointText(point))}: ${oneLine(why)}`),
      ),
  ]
  return lines.slice(0, rows).map((line) => cut(line, columns))
}

/** A mark for each of the last runs, in one line. */
function strip(trials: readonly Trial[], width: number): string[] {
  if (trials.length === 0) return []
  return [
    trials
      .slice(-width)
      .map(({ outcome }) => styled(...MARKS[outcome]))
      .join(''),
  ]
}

function picture(shown: Picture, width: number): string[] {
  if (shown.type === 'rates') return rates(shown.rates, width)
  const bars = shown.bars.length <= FEW ? named(shown.bars, width) : posterior(shown, width)
  return [...bars, ...rates(shown.rates?.slice(0, FEW) ?? [], width)]
}

/** So few candidates, or groups of runs beside them, have a line each. */
const FEW = 8

function named(bars: (Picture & { type: 'posterior' })['bars'], width: number): string[] {
  const label = Math.max(...bars.map((one) => one.label.length))
  const wide = Math.min(RULER, Math.max(10, width - label - 12))
  return bars.map((one) => {
    const filled = Math.round(one.probability * wide)
    const bar = `${styled('magenta', '█'.repeat(filled))}${styled('dim', '╌'.repeat(wide - filled))}`
    return `${oneLine(one.label).padEnd(label)}  ${bar}  ${(one.probability * 100).toFixed(1)} %`
  })
}

/** The probability of each version as columns, several to one where there are more than fit. */
function posterior({ bars, over }: Picture & { type: 'posterior' }, width: number): string[] {
  const wide = Math.min(width, bars.length)
  const columns = Array.from({ length: wide }, (_, column) =>
    bars
      .slice(Math.floor((column * bars.length) / wide), Math.floor(((column + 1) * bars.length) / wide))
      .reduce((sum, { probability }) => sum + probability, 0),
  )
  const top = Math.max(...columns)
  const line = columns
    .map((one) =>
      one < top / 50
        ? styled('dim', '▁')
        : styled('magenta', BARS[Math.min(7, Math.floor((one / top) * 8))] ?? '█'),
    )
    .join('')
  const [first, last] = [bars[0]?.label ?? '', bars.at(-1)?.label ?? '']
  const ends = `${first.slice(0, 12)}${' '.repeat(Math.max(1, wide - Math.min(12, first.length) - Math.min(12, last.length)))}${last.slice(0, 12)}`
  return [line, styled('dim', bars.length > 1 ? `${ends}  ${oneLine(over)}` : ends)]
}

const RULER = 40

/** Each rate as a point in its interval, on a scale from 0 to 1. */
function rates(all: readonly LabelledRate[], width: number): string[] {
  const ruler = Math.min(RULER, Math.max(10, width - 45))
  const label = Math.max(...all.map((one) => one.label.length))
  return all.map(({ label: name, shown: count, runs, low, high }) => {
    const at = (rate: number): number => Math.min(ruler - 1, Math.floor(rate * ruler))
    const cells = Array.from({ length: ruler }, (_, cell) =>
      runs > 0 && cell === at(count / runs)
        ? styled('magenta', '●')
        : cell >= at(low) && cell <= at(high)
          ? styled('magenta', '━')
          : styled('dim', '╌'),
    )
    const figures = `${count} of ${runs} runs, ${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)} %`
    return `${oneLine(name).padEnd(label)}  ${cells.join('')}  ${figures}`
  })
}

/** A line for what happened, for logs and pipes; undefined when it says nothing new. */
export function huntLine(event: HuntEvent): string | undefined {
  if (event.type === 'answer') {
    const { sentence, early } = event.answer
    return event.trials.length === 0 ? undefined : oneLine(`  ${sentence} ${early?.sentence ?? ''}`.trimEnd())
  }
  const { number, point, outcome, why, seconds, note } = event.trial
  const text = `run ${number}${Object.keys(point).length === 0 ? '' : ` (${pointText(point)})`}`
  if (outcome === 'running') return oneLine(`${text}: ${why}`)
  const said = note === undefined ? '' : `: ${note}`
  return oneLine(`${text}: ${outcome} after ${formatDuration(seconds * 1000)}${said}`)
}
