import { expect, test } from 'vitest'
import { timedWait, timeIn } from './waits.ts'

const words = (...values: readonly bigint[]): Uint8Array => {
  const bytes = new Uint8Array(8 * values.length)
  values.forEach((value, index) => new DataView(bytes.buffer).setBigInt64(8 * index, value, true))
  return bytes
}

test.each([
  ['epoll_wait', [3n, 4n, 1n, 0xffffffffn], { type: 'length', ns: -1n }],
  ['epoll_pwait', [3n, 4n, 1n, 0xffffffffffffffffn], { type: 'length', ns: -1n }],
  ['epoll_wait', [3n, 4n, 1n, 0xdead_0000_0000_000an], { type: 'length', ns: 10_000_000n }],
  ['poll', [1n, 1n, 0n], { type: 'length', ns: 0n }],
  ['ppoll', [1n, 1n, 0n], { type: 'length', ns: -1n }],
  ['select', [1n, 0n, 0n, 0n, 64n], { type: 'pointer', address: 64n, layout: 'timeval', clock: 'duration' }],
  [
    'clock_nanosleep',
    [1n, 1n, 64n],
    { type: 'pointer', address: 64n, layout: 'timespec', clock: 'monotonic' },
  ],
  [
    'clock_nanosleep',
    [0n, 1n, 64n],
    { type: 'pointer', address: 64n, layout: 'timespec', clock: 'realtime' },
  ],
  [
    'clock_nanosleep',
    [0n, 0n, 64n],
    { type: 'pointer', address: 64n, layout: 'timespec', clock: 'duration' },
  ],
  // CLOCK_TAI
  ['clock_nanosleep', [11n, 1n, 64n], undefined],
  ['futex', [9n, 0x80n, 0n, 0n], { type: 'length', ns: -1n }],
  ['futex', [9n, 0x80n, 0n, 64n], { type: 'pointer', address: 64n, layout: 'timespec', clock: 'duration' }],
  ['futex', [9n, 0x89n, 0n, 64n], { type: 'pointer', address: 64n, layout: 'timespec', clock: 'monotonic' }],
  ['futex', [9n, 0x189n, 0n, 64n], { type: 'pointer', address: 64n, layout: 'timespec', clock: 'realtime' }],
  // FUTEX_WAKE
  ['futex', [9n, 0x81n, 1n, 64n], undefined],
  ['read', [1n, 2n, 3n], undefined],
] as const)('%s %o', (call, args, expected) => {
  expect(timedWait(call, args)).toEqual(expected)
})

test('reads a timespec and a timeval, and rejects what is no time', () => {
  expect(timeIn(words(2n, 5n), 'timespec')).toBe(2_000_000_005n)
  expect(timeIn(words(2n, 5n), 'timeval')).toBe(2_000_005_000n)
  expect(timeIn(words(2n, 1_000_000_000n), 'timespec')).toBeUndefined()
  expect(timeIn(words(-1n, 0n), 'timespec')).toBeUndefined()
  expect(timeIn(new Uint8Array(8), 'timespec')).toBeUndefined()
})
