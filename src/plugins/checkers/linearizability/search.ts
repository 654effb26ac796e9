/**
 * Is there an order of the operations on a register that explains what each of them saw, and in which none comes before
 * one that had ended when it began?
 *
 * The search is that of Wing and Gong (Testing and verifying concurrent objects, 1993) with the memory of Lowe (Testing for
 * linearizability, 2017): a set of operations that were put in order and the value after them is looked at once. One
 * register at a time suffices, for linearizability is local (Herlihy and Wing, 1990).
 *
 * Three things make it shorter without losing an order. A read of the value that is there can be put next at once, for
 * whatever order is left works as well without it. Of several attempts without an end that do the same only the earliest
 * is tried. And an attempt without an end that leaves a value which nobody saw may as well not have happened.
 */
import { setImmediate as others } from 'node:timers/promises'
import type { Attempt } from './attempts.ts'

export interface Bounds {
  /** Time for it, ms. */
  readonly timeoutMs: number
  /** Sets of operations that are remembered, some 100 bytes each. */
  readonly states: number
}

export type Answer =
  | { readonly linearizable: 'yes' }
  | { readonly linearizable: 'unknown'; readonly why: string }
  | {
      readonly linearizable: 'no'
      /** The longest order that was found. */
      readonly order: readonly Attempt[]
      /** The attempt that had to come next, before it ended, and cannot. */
      readonly stuck: Attempt
      /** The value that the register has after the order. */
      readonly value: string
    }

interface Step {
  readonly index: number
  readonly before: string
  /** A read: without an alternative. */
  readonly forced: boolean
}

/** `initial` is the JSON text of the value before the first write. */
export async function search(all: readonly Attempt[], initial: string, bounds: Bounds): Promise<Answer> {
  const known = relevant(all).filter(({ end }) => end !== undefined)
  const endless = relevant(all).filter(({ end }) => end === undefined)
  // What must be put in order is before what may be: there `first` is the first that is not placed.
  const attempts = [...byCall(known), ...byCall(endless)]
  const required = known.length
  const placed = attempts.map(() => false)
  const seen = new Set<string>()
  const steps: Step[] = []
  const deadline = performance.now() + bounds.timeoutMs
  let value = initial
  let done = 0
  let first = 0
  let best: Extract<Answer, { linearizable: 'no' }> | undefined

  const place = (index: number, forced: boolean): void => {
    const attempt = at(attempts, index)
    steps.push({ index, before: value, forced })
    placed[index] = true
    if (attempt.end !== undefined) done += 1
    value = after(attempt, value) ?? value
    while (first < required && placed[first] === true) first += 1
  }
  const takeBack = (): Step | undefined => {
    const step = steps.pop()
    if (step === undefined) return undefined
    placed[step.index] = false
    if (at(attempts, step.index).end !== undefined) done -= 1
    value = step.before
    first = Math.min(first, step.index, required)
    return step
  }
  /** Those that may come next: they began before any that is left has ended. */
  const candidates = (): number[] => {
    const found: number[] = []
    let earliest: bigint | undefined
    for (let index = first; index < required; index += 1) {
      const { call, end } = at(attempts, index)
      if (earliest !== undefined && call > earliest) break
      if (placed[index] === true) continue
      found.push(index)
      if (end !== undefined && (earliest === undefined || end < earliest)) earliest = end
    }
    for (let index = required; index < attempts.length; index += 1) {
      if (earliest !== undefined && at(attempts, index).call > earliest) break
      if (placed[index] === false) found.push(index)
    }
    return found
  }
  /** The candidate at or after `from` that leads to something new is placed. */
  const advance = (from: number): boolean => {
    const open = candidates()
    if (from === 0) {
      const read = open.find((index) => isRead(at(attempts, index), value))
      if (read !== undefined) {
        place(read, true)
        return true
      }
    }
    const tried = new Set<string>()
    for (const index of open) {
      const attempt = at(attempts, index)
      const next = after(attempt, value)
      if (attempt.end === undefined) {
        const same = attempt.f === 'cas' ? `${attempt.from} ${attempt.to}` : attempt.value
        if (tried.has(`${attempt.f} ${same}`)) continue
        tried.add(`${attempt.f} ${same}`)
      }
      if (index < from || next === undefined || attempt.f === 'read') continue
      place(index, false)
      const name = nameOf(attempts, placed, first, required, value)
      if (!seen.has(name)) {
        seen.add(name)
        return true
      }
      takeBack()
    }
    if (best === undefined || steps.length > best.order.length) best = deadEnd(open)
    return false
  }
  const deadEnd = (open: readonly number[]): Extract<Answer, { linearizable: 'no' }> | undefined => {
    const ends = open.map((index) => at(attempts, index)).filter(({ end }) => end !== undefined)
    const stuck = ends.toSorted((a, b) => ((a.end ?? 0n) < (b.end ?? 0n) ? -1 : 1))[0]
    if (stuck === undefined) return undefined
    return { linearizable: 'no', order: steps.map(({ index }) => at(attempts, index)), stuck, value }
  }

  let from = 0
  for (let count = 1; done < required; count += 1) {
    if (count % 4096 === 0) {
      await others()
      if (performance.now() > deadline) return { linearizable: 'unknown', why: 'its time is up' }
    }
    if (seen.size > bounds.states) {
      return { linearizable: 'unknown', why: `there are more than ${bounds.states} states to remember` }
    }
    if (advance(from)) {
      from = 0
      continue
    }
    let step = takeBack()
    while (step?.forced === true) step = takeBack()
    if (step === undefined) break
    from = step.index + 1
  }
  if (done === required) return { linearizable: 'yes' }
  if (best === undefined) throw new Error('a history without an order has no attempt that is stuck')
  return best
}

/** Without attempts that have no end and leave a value that nobody saw. */
function relevant(attempts: readonly Attempt[]): Attempt[] {
  const seen = new Set(
    attempts.flatMap((attempt) =>
      attempt.f === 'read' ? [attempt.value] : attempt.f === 'cas' ? [attempt.from] : [],
    ),
  )
  return attempts.filter(
    (attempt) =>
      attempt.end !== undefined ||
      (attempt.f !== 'read' && seen.has(attempt.f === 'cas' ? attempt.to : attempt.value)),
  )
}

/** The value after it; undefined when it cannot come next. */
function after(attempt: Attempt, value: string): string | undefined {
  switch (attempt.f) {
    case 'read':
      return attempt.value === value ? value : undefined
    case 'write':
      return attempt.value
    case 'cas':
      return attempt.from === value ? attempt.to : undefined
  }
}

const isRead = (attempt: Attempt, value: string): boolean => attempt.f === 'read' && attempt.value === value

/** The set of those that are placed, with the value: all before `first`, a few that are concurrent with it, some endless. */
function nameOf(
  attempts: readonly Attempt[],
  placed: readonly boolean[],
  first: number,
  required: number,
  value: string,
): string {
  const rest: number[] = []
  const until = attempts[first]?.end ?? 0n
  for (let index = first + 1; index < required && at(attempts, index).call <= until; index += 1) {
    if (placed[index] === true) rest.push(index - first)
  }
  for (let index = required; index < placed.length; index += 1) if (placed[index] === true) rest.push(-index)
  return `${first} ${rest.join(',')} ${value}`
}

const byCall = (attempts: readonly Attempt[]): Attempt[] =>
  attempts.toSorted((a, b) => (a.call < b.call ? -1 : a.call > b.call ? 1 : 0))

function at(attempts: readonly Attempt[], index: number): Attempt {
  const attempt = attempts[index]
  if (attempt === undefined) throw new RangeError(`there is no attempt ${index}`)
  return attempt
}
