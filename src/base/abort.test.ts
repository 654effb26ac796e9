import { expect, test, vi } from 'vitest'
import { sleep, withTimeout } from './abort.ts'

const never = (): AbortSignal => new AbortController().signal

test('a sleep ends with the sentence of its signal', async () => {
  const controller = new AbortController()
  const sleeping = sleep(1e9, controller.signal)
  controller.abort(new Error('lease lost'))
  await expect(sleeping).rejects.toThrow('lease lost')
  await expect(sleep(0, controller.signal)).rejects.toThrow('lease lost')
})

test('a timeout aborts with its sentence, also one that is longer than a timer can wait', () => {
  vi.useFakeTimers()
  try {
    using short = withTimeout(never(), 1000, 'too long')
    using long = withTimeout(never(), 40 * 86_400_000, 'far too long')
    using endless = withTimeout(never(), Number.POSITIVE_INFINITY, 'never')
    vi.advanceTimersByTime(1000)
    expect(short.signal.reason).toEqual(new Error('too long'))
    vi.advanceTimersByTime(30 * 86_400_000)
    expect(long.signal.aborted).toBe(false)
    vi.advanceTimersByTime(11 * 86_400_000)
    expect(long.signal.reason).toEqual(new Error('far too long'))
    expect(endless.signal.aborted).toBe(false)
  } finally {
    vi.useRealTimers()
  }
})
