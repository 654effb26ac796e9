import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startPacer } from './pacer.ts'

/** The times, ns after the start, of so many ticks; how many came after the pacer was disposed of. */
async function ticksOf(
  count: number,
  inNs: bigint,
  periodNs: bigint,
): Promise<{ at: bigint[]; late: number }> {
  const at: bigint[] = []
  const enough = Promise.withResolvers<void>()
  const startNs = process.hrtime.bigint() + inNs
  {
    await using _pacer = startPacer({ startNs, periodNs }, () => {
      at.push(process.hrtime.bigint() - startNs)
      if (at.length === count) enough.resolve()
    })
    await enough.promise
  }
  const ticks = at.length
  await setTimeout(20)
  return { at: at.slice(0, count), late: at.length - ticks }
}

test('ticks from its start on, no tick before it is due, until it is disposed of', async () => {
  const { at, late } = await ticksOf(8, 30_000_000n, 5_000_000n)
  for (const [index, ns] of at.entries()) expect(ns).toBeGreaterThanOrEqual(BigInt(index) * 5_000_000n)
  expect(late).toBe(0)
})

test('what lies in the past is not made up for tick by tick', async () => {
  const period = 10_000_000n
  const { at } = await ticksOf(3, -1000n * period, period)
  // The first is told at once; the others are at multiples of the period that were not over.
  expect(at[2]).toBeGreaterThan(1001n * period)
})

test('ticks that would be closer than 0.2 ms are put together', async () => {
  const { at } = await ticksOf(50, 0n, 1n)
  expect(at[49]).toBeGreaterThanOrEqual(49n * 200_000n)
})
