import { writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { recordedFiles } from '../../../../test/harness/recorded-files.ts'
import { sampling } from '../../../../test/harness/sampling.ts'
import { localNode } from '../../../node/local.ts'
import { KernelLogFollower } from './follow.ts'
import kernelReports from './index.ts'

/** Writes to the kernel's log, as root. A line that does not end is kept from readers until the next one begins. */
const say = (text: string): void => writeFileSync('/dev/kmsg', `<4>${text}\n`)
let names = 0
const madeUp = (): string => `quarry_test_${process.pid}_${++names}`

/** Ticks until one has what is looked for. */
async function until(
  tick: () => Map<string, number>,
  has: (values: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  for (;;) {
    const values = tick()
    if (has(values)) return values
    await setTimeout(20)
  }
}

test('reports are counted from when observation began, by kind and title', { timeout: 30_000 }, async () => {
  const [before, name] = [madeUp(), madeUp()]
  say(`WARNING: CPU: 0 PID: 1 at test.c:1 ${before}+0x1/0x2`)
  const { tick, close } = sampling(kernelReports, recordedFiles(new Map()))
  const titled = `kernel_report_titles_total{kind="warning",title="WARNING in ${name}"}`
  const warnings = 'kernel_reports_total{kind="warning"}'
  expect(tick().get(warnings)).toBe(0)
  expect(tick().get('kernel_reports_total{kind="hung-task"}')).toBe(0)
  // It is followed once what is said is seen; what came before that is not counted.
  const first = await until(
    () => {
      say(`WARNING: CPU: 0 PID: 1 at test.c:1 ${name}+0x1/0x2`)
      return tick()
    },
    (values) => values.has(titled),
  )
  expect(first.get(titled)).toBe(0)
  const next = tick()
  expect(next.get(titled)).toBeGreaterThan(0)
  expect(next.get(warnings)).toBeGreaterThanOrEqual(next.get(titled) ?? Number.NaN)
  expect([...next.keys()].some((series) => series.includes(before))).toBe(false)
  await close()
})

test('says why a log cannot be followed', { timeout: 30_000 }, async () => {
  const node = localNode({ run: 'test', group: 'server', ordinal: 0, scratch: '/' })
  const deaf = {
    ...node,
    run: node.run.bind(node),
    spawn: () => node.spawn(['dd', 'if=/dev/no-such-log', 'status=none']),
  }
  const follower = new KernelLogFollower(deaf, new AbortController().signal)
  const failure = async (): Promise<unknown> => {
    for (;;) {
      try {
        follower.check()
      } catch (error) {
        return error
      }
      await setTimeout(20)
    }
  }
  expect(String(await failure())).toMatch(/kernel log of server\/0 cannot be followed: .*no-such-log/)
  await follower.close()
})
