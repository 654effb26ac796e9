import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { whenAborted } from '../../base/abort.ts'
import { OperationError, type Answer, type LoadClient } from './client.ts'
import { drive, type Done, type Drive } from './drive.ts'

/** A client whose operations go as `run` says; one that is dropped rejects. */
function clientOf(run: (count: number) => Promise<Answer>): LoadClient & { begun: number; most: number } {
  let drop: (error: OperationError) => void = () => undefined
  let underWay = 0
  return {
    begun: 0,
    most: 0,
    connect: () => Promise.resolve(),
    drop: (error) => drop(error),
    next() {
      return {
        kind: 'work',
        run: async () => {
          const dropped = Promise.withResolvers<never>()
          drop = dropped.reject
          underWay += 1
          this.most = Math.max(this.most, underWay)
          this.begun += 1
          try {
            return await Promise.race([dropped.promise, run(this.begun)])
          } finally {
            underWay -= 1
          }
        },
      }
    },
  }
}

const soon = async (): Promise<Answer> => {
  await setTimeout(1)
  return { outcome: 'ok' }
}

/** Drives the clients, and gives what was done. */
async function driven(
  clients: readonly LoadClient[],
  plan: Partial<Drive['plan']>,
  stop: AbortSignal = new AbortController().signal,
): Promise<{ done: Done[]; told: string[] }> {
  const done: Done[] = []
  const told: string[] = []
  await drive({
    plan: { rate: null, operations: null, durationMs: null, timeoutMs: 60_000, ...plan },
    clients,
    stop,
    observe: (client) => {
      told.push(`${client} begins`)
      return ({ outcome }) => told.push(`${client} ${outcome}`)
    },
    done: (one) => done.push(one),
  })
  return { done, told }
}

test('each client goes on as soon as it has an answer, until so many operations are done', async () => {
  const clients = [clientOf(soon), clientOf(soon), clientOf(soon)]
  const { done } = await driven(clients, { operations: 20 })
  expect(done).toHaveLength(20)
  expect(clients.map(({ most }) => most)).toEqual([1, 1, 1])
  expect(clients.reduce((sum, { begun }) => sum + begun, 0)).toBe(20)
})

test('by plan, operations are due at even times, however late they begin', async () => {
  const slow = async (): Promise<Answer> => {
    await setTimeout(5)
    return { outcome: 'ok' }
  }
  const { done } = await driven([clientOf(slow)], { rate: 500, operations: 30 })
  expect(done).toHaveLength(30)
  const [first] = done
  for (const [index, { dueMs, endMs }] of done.entries()) {
    expect(dueMs - (first?.dueMs ?? 0)).toBeCloseTo(index * 2, 6)
    expect(endMs).toBeGreaterThan(dueMs)
  }
  // Each takes longer than the time between two: the last one has waited for the others.
  const waited = done.map(({ dueMs, endMs }) => endMs - dueMs)
  expect(waited.at(-1)).toBeGreaterThan(29 * 2)
})

test('by plan, several clients share what is due, and none is done twice', async () => {
  const clients = Array.from({ length: 4 }, () => clientOf(soon))
  const { done } = await driven(clients, { rate: 1000, operations: 60 })
  const due = done.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b)
  expect(due).toHaveLength(60)
  for (const [index, ms] of due.entries()) expect(ms - (due[0] ?? 0)).toBeCloseTo(index, 6)
})

test('when it is told to end, what is under way is waited for and nothing begins', async () => {
  const stop = new AbortController()
  const held = Promise.withResolvers<Answer>()
  const clients = [
    clientOf(async (count) => {
      if (count === 3) stop.abort(new Error('enough'))
      return await soon()
    }),
    clientOf(() => held.promise),
  ]
  const ended = driven(clients, {}, stop.signal)
  let isOver = false
  void ended.then(() => (isOver = true))
  await whenAborted(stop.signal)
  await setTimeout(20)
  expect(isOver).toBe(false)
  held.resolve({ outcome: 'mismatch' })
  const { done } = await ended
  expect(done.map(({ outcome }) => outcome).toSorted()).toEqual(['mismatch', 'ok', 'ok', 'ok'])
})

test('what was due and not begun when it ends has waited until then', async () => {
  const stop = new AbortController()
  const held = Promise.withResolvers<Answer>()
  const client = clientOf(() => held.promise)
  const ended = driven([client], { rate: 200 }, stop.signal)
  await setTimeout(100)
  stop.abort(new Error('enough'))
  held.resolve({ outcome: 'ok' })
  const { done, told } = await ended
  expect(client.begun).toBe(1)
  // 5 ms apart: at least nineteen of them in more than 99 ms.
  expect(done.length).toBeGreaterThanOrEqual(19)
  expect(done[0]?.outcome).toBe('ok')
  for (const [index, { outcome, dueMs, endMs, error }] of done.slice(1).entries()) {
    expect([outcome, error?.code]).toEqual(['timeout', 'not begun'])
    expect(dueMs - (done[0]?.dueMs ?? 0)).toBeCloseTo(5 * (index + 1), 6)
    expect(endMs).toBeGreaterThan(dueMs)
  }
  // The history is told of what began, and of nothing else.
  expect(told).toEqual(['0 begins', '0 ok'])
})

test('by plan, a duration has as many operations as are due in it', async () => {
  expect((await driven([clientOf(soon)], { rate: 500, durationMs: 60 })).done).toHaveLength(30)
  expect((await driven([clientOf(soon)], { rate: 3, durationMs: 1000 })).done).toHaveLength(3)
})

test('what is due when it ends is still begun by clients that were idle', async () => {
  const stop = new AbortController()
  const ended = driven(
    Array.from({ length: 20 }, () => clientOf(soon)),
    { rate: 100 },
    stop.signal,
  )
  await setTimeout(50)
  // Nobody is told of what becomes due now.
  for (const until = performance.now() + 25; performance.now() < until;);
  stop.abort(new Error('enough'))
  const { done } = await ended
  expect(done.length).toBeGreaterThanOrEqual(7)
  expect(new Set(done.map(({ outcome }) => outcome))).toEqual(new Set(['ok']))
})

test('a duration ends it, with or without a plan', async () => {
  for (const rate of [null, 500]) {
    const startMs = performance.now()
    const { done } = await driven([clientOf(soon)], { rate, durationMs: 60 })
    // The last one that is planned is due after 58 ms.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(57)
    expect(done.length).toBeGreaterThan(0)
  }
})

test('an operation without an answer is dropped after its timeout, and the client goes on', async () => {
  const never = new Promise<Answer>(() => undefined)
  const client = clientOf((count) => (count === 1 ? never : soon()))
  const { done, told } = await driven([client], { operations: 2, timeoutMs: 30 })
  expect(done).toMatchObject([
    { outcome: 'timeout', error: { code: 'timeout', message: 'no answer within 30 ms' } },
    { outcome: 'ok' },
  ])
  expect((done[0]?.endMs ?? 0) - (done[0]?.dueMs ?? 0)).toBeGreaterThanOrEqual(29)
  expect(told).toEqual(['0 begins', '0 timeout', '0 begins', '0 ok'])
})

test('whatever an operation rejects with is an error of the system under test', async () => {
  const failures: readonly Error[] = [
    new OperationError('status 503', 'unavailable', { isIndeterminate: false }),
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    new Error('odd'),
  ]
  const client = clientOf((count) => Promise.reject(failures[count - 1] ?? new Error('too many')))
  const { done } = await driven([client], { operations: 3 })
  expect(done.map(({ outcome, error }) => [outcome, error?.code, error?.isIndeterminate])).toEqual([
    ['error', 'status 503', false],
    ['error', 'ECONNRESET', true],
    ['error', 'connection lost', true],
  ])
})
