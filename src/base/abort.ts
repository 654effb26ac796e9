/** Waiting that a signal can end. Every reason is an `Error` with a sentence. */
import { messageOf } from './errors.ts'

/** The reason of an aborted signal, always as an `Error`. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(messageOf(signal.reason ?? 'aborted'))
}

/** Throws the signal's reason if it is aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal)
}

/** Resolves after `milliseconds`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal))
      return
    }
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(abortReason(signal))
    }
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      },
      Math.max(0, milliseconds),
    )
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Resolves when the signal aborts, and never rejects. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** The longest that a timer can wait, about 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1

/** A disposable signal that also aborts after `milliseconds`, with `sentence` as its reason; never for Infinity. */
export function withTimeout(
  parent: AbortSignal,
  milliseconds: number,
  sentence: string,
): { readonly signal: AbortSignal; [Symbol.dispose](): void } {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const wait = (left: number): void => {
    timer = setTimeout(
      () => (left > LONGEST_MS ? wait(left - LONGEST_MS) : controller.abort(new Error(sentence))),
      Math.min(left, LONGEST_MS),
    )
  }
  if (milliseconds !== Number.POSITIVE_INFINITY) wait(milliseconds)
  return {
    signal: AbortSignal.any([parent, controller.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
