/** Progress as plain lines, for logs and pipes: what changes, when it changes. */
import { formatDuration } from '../../base/duration.ts'
import type { ProgressEvent } from '../../engine/progress.ts'
import { oneLine } from './live.ts'
import type { ProgressRenderer } from './live.ts'

/** Prints a line for each event that says something new. */
export function plainProgress(print: (line: string) => void): ProgressRenderer {
  const began = Date.now()
  const known = new Map<string, string>()
  return {
    take: (event) => {
      const line = lineOf(event, known)
      if (line !== undefined) print(`${formatDuration(Date.now() - began).padStart(7)}  ${oneLine(line)}`)
    },
    [Symbol.dispose]: () => undefined,
  }
}

/** The line for an event; undefined when it repeats what `known` says already. */
function lineOf(event: ProgressEvent, known: Map<string, string>): string | undefined {
  const changed = (key: string, state: string): boolean => {
    const before = known.get(key)
    known.set(key, state)
    return before !== state
  }
  switch (event.type) {
    case 'run': {
      const expected = event.expectedMs === null ? '' : `, about ${formatDuration(event.expectedMs)}`
      return `run ${event.id} in ${event.directory}${expected}`
    }
    case 'state':
      return `state ${event.state}`
    case 'module':
      return `module ${event.name} ${event.what}`
    case 'symptom':
      return changed(`symptom ${event.name}`, event.what) && event.what !== 'unknown'
        ? `symptom ${event.name} ${event.what}${event.value === null ? '' : ` (value ${Number(event.value.toPrecision(4))})`}`
        : undefined
    case 'probe': {
      const state = event.success ? `answers in ${formatDuration(event.durationMs)}` : `fails: ${event.error}`
      return changed(`probe ${event.name}`, String(event.success))
        ? `probe ${event.name} ${state}`
        : undefined
    }
    case 'climb':
      return event.what === 'began'
        ? `climb ${event.capture} begins, ${event.rungs} rungs`
        : `climb ${event.capture} ends`
    case 'rung': {
      if (event.what === 'began') return undefined
      const gone = event.symptomAfter === false ? '; THE SYMPTOM IS GONE' : ''
      return `rung ${event.collector} (${event.tier}): ${event.status ?? 'ok'}, ${event.detail ?? ''}${gone}`
    }
    case 'note':
      return event.text
  }
}
