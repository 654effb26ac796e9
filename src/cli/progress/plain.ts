/** Progress as plain lines, for logs and pipes: what changes, when it changes. */
import { formatDuration } from '../../base/duration.ts'
import type { ProgressEvent } from '../../engine/progress.ts'
import type { ProgressRenderer } from './live.ts'
import { oneLine } from './terminal-text.ts'

/** A probe or symptom that goes on changing back and forth after so many lines is told at most this often. */
const QUIET_MS = 10_000
const PROMPT_LINES = 4

/** Something that has a state, and what was last said of it. */
interface Subject {
  state: string
  said: string
  line: string
  saidAt: number
  lines: number
  /** Changes since it was said. */
  changes: number
}

/** Prints a line for each event that says something new; `now` is a clock in ms. */
export function plainProgress(print: (line: string) => void, now: () => number = Date.now): ProgressRenderer {
  const began = now()
  const subjects = new Map<string, Subject>()
  const say = (line: string): void => print(`${formatDuration(now() - began).padStart(7)}  ${oneLine(line)}`)

  const sayState = (subject: Subject): void => {
    const often = subject.changes > 1 ? ` (changed ${subject.changes} times)` : ''
    say(subject.line + often)
    Object.assign(subject, { said: subject.state, saidAt: now(), lines: subject.lines + 1, changes: 0 })
  }
  const change = (key: string, state: string, line: string): void => {
    const subject = subjects.get(key) ?? {
      state: '',
      said: '',
      line,
      saidAt: 0,
      lines: 0,
      changes: 0,
    }
    subjects.set(key, subject)
    if (subject.state !== state) subject.changes += 1
    Object.assign(subject, { state, line })
    const due = subject.lines < PROMPT_LINES || now() - subject.saidAt >= QUIET_MS
    if (due && (subject.said !== state || subject.changes > 0)) sayState(subject)
  }
  return {
    take: (event) => {
      if (event.type === 'probe') {
        const told = event.success
          ? `answers in ${formatDuration(event.durationMs)}`
          : `fails: ${event.error}`
        change(`probe ${event.name}`, String(event.success), `probe ${event.name} ${told}`)
      } else if (event.type === 'symptom') {
        const value = event.value === null ? '' : ` (value ${Number(event.value.toPrecision(4))})`
        const line = `symptom ${event.name} ${event.what}${value}`
        if (event.what !== 'unknown') change(`symptom ${event.name}`, event.what, line)
      } else {
        const line = lineOf(event)
        if (line !== undefined) say(line)
      }
    },
    [Symbol.dispose]: () => {
      for (const subject of subjects.values()) if (subject.said !== subject.state) sayState(subject)
    },
  }
}

/** The line for an event that happens once; undefined when it says nothing new. */
function lineOf(event: Exclude<ProgressEvent, { type: 'probe' | 'symptom' }>): string | undefined {
  switch (event.type) {
    case 'run': {
      const expected = event.expectedMs === null ? '' : `, about ${formatDuration(event.expectedMs)}`
      return `run ${event.id} in ${event.directory}${expected}`
    }
    case 'state':
      return `state ${event.state}`
    case 'module':
      return `module ${event.name} ${event.what}`
    case 'climb':
      return event.what === 'began'
        ? `climb ${event.capture} begins, ${event.rungs} rungs`
        : `climb ${event.capture} ends`
    case 'rung': {
      if (event.what === 'began') return undefined
      const detail = event.detail === undefined || event.detail === '' ? '' : `, ${event.detail}`
      const gone = event.symptomAfter === false ? '; THE SYMPTOM IS GONE' : ''
      return `rung ${event.collector} (${event.tier}): ${event.status ?? 'ok'}${detail}${gone}`
    }
    case 'note':
      return event.text
  }
}
