/** What the clients of one node did, told in batches. */
import type { PlannedOperation } from './client.ts'
import type { Ended } from './drive.ts'
import type { LoadMessage } from './messages.ts'

type Entry = Extract<LoadMessage, { type: 'history' }>['operations'][number]

export interface HistoryLog {
  observe(client: number, planned: PlannedOperation): (ended: Ended) => void
  /** What was not told yet. */
  take(): readonly Entry[]
}

/**
 * Numbers clients from `first`. One whose operation may still take effect goes on under another number, `all` further:
 * its old self is still busy with that operation.
 */
export function openHistoryLog(first: number, all: number): HistoryLog {
  const lives = new Map<number, number>()
  let entries: Entry[] = []
  const now = (): string => String(process.hrtime.bigint())
  return {
    observe: (index, { subject }) => {
      if (subject === undefined) return () => undefined
      const life = lives.get(index) ?? 0
      const value = { ...subject, client: first + index + life * all }
      entries.push(['invoke', now(), value])
      return (ended) => {
        const kind = endOf(subject.f, ended)
        if (kind === 'info') lives.set(index, life + 1)
        const wasRead = kind === 'ok' && subject.f === 'read'
        entries.push([kind, now(), wasRead ? { ...value, value: ended.value ?? null } : value])
      }
    },
    take: () => {
      const taken = entries
      entries = []
      return taken
    },
  }
}

/** A read that gave nothing has changed nothing; a change that may have been made is neither done nor failed. */
function endOf(f: string, { outcome, error }: Ended): 'ok' | 'fail' | 'info' {
  if (outcome === 'ok') return 'ok'
  return f === 'read' || outcome === 'mismatch' || error?.isIndeterminate === false ? 'fail' : 'info'
}
