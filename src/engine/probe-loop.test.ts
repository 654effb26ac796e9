import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep, whenAborted } from '../base/abort.ts'
import { systemClock } from '../base/clock.ts'
import type { ProbeUse } from '../model/definition.ts'
import type { Probe } from '../plugin/probe.ts'
import { startLoop, type Attempt, type ProbeLoop } from './probe-loop.ts'

const use: ProbeUse = {
  component: 'command',
  name: 'write',
  properties: {},
  group: 'local',
  namesGroup: false,
  everyMs: 10,
  timeoutMs: 60_000,
}

let end: AbortController
let loop: ProbeLoop | undefined
beforeEach(() => {
  end = new AbortController()
})
afterEach(async () => {
  end.abort()
  await loop?.done
})

function loopOf(probe: Probe, publish: (attempt: Attempt) => void = () => undefined): ProbeLoop {
  loop = startLoop({ probe, use, publish, lost: undefined, clock: systemClock(), follows: false }, end.signal)
  return loop
}

test('attempts that are asked for do not meet each other, nor the regular ones', async () => {
  let [now, most] = [0, 0]
  const probing = loopOf({
    attempt: async (signal) => {
      now += 1
      most = Math.max(most, now)
      await sleep(20, signal)
      now -= 1
      return { success: true }
    },
  })
  await Promise.all([probing.attempt(), probing.attempt(), probing.attempt()])
  expect(most).toBe(1)
})

test('an attempt that hangs does not keep others from being made', async () => {
  const ended: Attempt[] = []
  let made = 0
  const probing = loopOf(
    {
      attempt: async (signal) => {
        made += 1
        if (made === 1) await whenAborted(signal)
        return { success: !signal.aborted }
      },
    },
    (one) => ended.push(one),
  )
  await probing.attempt()
  expect(ended.map(({ result }) => result.success)).toEqual([true])
})
