import { expect, test } from 'vitest'
import { Starvation, type ThreadTimes } from './starvation.ts'

const SECOND = 1e9
const look = (
  watched: Starvation,
  seconds: number,
  run: number,
  wait: number,
  from: ThreadTimes,
): ThreadTimes => {
  let times = from
  for (let second = 0; second < seconds; second += 1) {
    times = { runNs: times.runNs + run * SECOND, waitNs: times.waitNs + wait * SECOND }
    watched.look([times])
  }
  return times
}

test('a machine that gets its processors is not spoken of', () => {
  const said: string[] = []
  const watched = new Starvation((sentence) => said.push(sentence))
  const busy = look(watched, 30, 0.95, 0.05, { runNs: 0, waitNs: 0 })
  // One that wants little waits for most of that now and then.
  look(watched, 30, 0.01, 0.03, busy)
  watched.end()
  expect(said).toEqual([])
})

test('one that waits is told of when it begins, and for how long at the end', () => {
  const said: string[] = []
  const watched = new Starvation((sentence) => said.push(sentence))
  const before = look(watched, 20, 0.9, 0, { runNs: 0, waitNs: 0 })
  const during = look(watched, 10, 0.5, 0.5, before)
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^waits for a processor of this host 2\d % of the time/)
  look(watched, 19, 0.9, 0, during)
  watched.end()
  expect(said.slice(1)).toEqual([
    'waited 5.0 s for processors of this host, 11 % of the time that it wanted one',
  ])
})
