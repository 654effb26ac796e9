import { describe, expect, test } from 'vitest'
import { adjustedRand, madeUpFailures } from '../../../test/harness/made-up-failures.ts'
import type { BugSpec, MadeUpOptions } from '../../../test/harness/made-up-failures.ts'
import { feature } from './feature.ts'
import type { Feature, Signature } from './feature.ts'
import { groupFailures } from './group.ts'
import type { GroupOptions } from './group.ts'

const deadlock: BugSpec = {
  rate: 0.15,
  shows: [
    ['symptom', 'stuck', 1],
    ['wait', 'mover-#: futex of a locked mutex', 0.9],
    ['stack', 'mover-#: lock < move', 0.7],
    ['stack', 'teller: accept', 0.8],
    ['finding', 'absence on the symptom layer: ask', 0.8],
    ['observation', 'trend on the host layer: load', 0.4],
    ['probe', 'ask at receive: no answer', 0.95],
  ],
}
const crash: BugSpec = {
  rate: 0.1,
  shows: [
    ['symptom', 'stuck', 0.9],
    ['operation', 'serve: ended by SIGABRT', 1],
    ['operation', 'serve: journal block #', 1],
    ['complaint', 'journal block #', 0.95],
    ['finding', 'absence on the symptom layer: ask', 0.8],
    ['stack', 'teller: accept', 0.3],
    ['probe', 'ask at connect: refused', 0.9],
  ],
}
const calm = { chatter: 10, bursts: 0, unique: 0, blind: 0 }
const noisy = { chatter: 60, bursts: 0.2, unique: 3, blind: 0.2 }
const storm = { chatter: 200, bursts: 0.3, unique: 10, blind: 0.3 }

const groupsOf = (signatures: readonly Signature[], options?: GroupOptions): Map<string, string> =>
  new Map(groupFailures(signatures, options).failures.map(({ run, group }) => [run, group]))

/** Mean of the adjusted Rand indices over seeds. */
function rightness(options: MadeUpOptions, seeds = 12): number {
  let sum = 0
  for (let seed = 0; seed < seeds; seed++) {
    const { signatures, truth } = madeUpFailures(seed, options)
    sum += adjustedRand(truth, groupsOf(signatures))
  }
  return sum / seeds
}

let clock = 0
function run(failed: boolean, features: Feature[], messages: string[] = []): Signature {
  const began = String(1_700_000_000_000_000_000n + BigInt(++clock))
  return {
    run: `run-${clock}`,
    directory: '/runs',
    definition: 'd.yaml',
    verdict: failed ? 'fail' : 'pass',
    failed,
    began,
    at: began,
    features,
    unseen: [],
    messages,
  }
}

describe.each(Object.entries({ calm, noisy, storm }))('%s', (_, noise) => {
  test('one bug is one group, with and without runs that passed', () => {
    expect(rightness({ runs: 60, bugs: [deadlock], ...noise })).toBeGreaterThan(0.9)
    expect(rightness({ runs: 40, bugs: [{ ...deadlock, rate: 1 }], ...noise })).toBeGreaterThan(0.9)
  })

  test('two bugs with the same symptom are two groups', () => {
    expect(rightness({ runs: 60, bugs: [deadlock, crash], ...noise })).toBeGreaterThan(0.9)
    const never = [
      { ...deadlock, rate: 0.6 },
      { ...crash, rate: 0.4 },
    ]
    expect(rightness({ runs: 40, bugs: never, ...noise })).toBeGreaterThan(0.9)
  })
})

test('the order in which runs are given does not matter', () => {
  const { signatures } = madeUpFailures(1, { runs: 60, bugs: [deadlock, crash], ...noisy })
  expect(groupsOf(signatures.toReversed())).toEqual(groupsOf(signatures))
})

test('runs that are added later rename no group, and move no failure that is known', () => {
  const { signatures } = madeUpFailures(2, { runs: 120, bugs: [deadlock, crash], ...noisy })
  for (const seen of [30, 60, 90]) {
    const known = groupsOf(signatures.slice(0, seen))
    const later = groupsOf(signatures, { known })
    for (const [failure, group] of known) expect(later.get(failure)).toBe(group)
    const names = new Set(groupsOf(signatures).values())
    for (const name of known.values()) expect([...names]).toContain(name)
  }
})

test('a feature that passed runs have too tells nothing', () => {
  const stuck = feature('symptom', 'stuck')
  const [one, two] = [feature('error', 'disk is slow'), feature('error', 'peer is slow')]
  const passed = Array.from({ length: 20 }, (_, index) => run(false, index % 2 === 0 ? [one] : [two]))
  const failed = Array.from({ length: 10 }, (_, index) => run(true, [stuck, index % 2 === 0 ? one : two]))
  const { groups } = groupFailures([...passed, ...failed])
  expect(groups.map(({ name, common }) => [name, common])).toEqual([['stuck', [stuck]]])
})

test('says in words why', () => {
  const stuck = feature('symptom', 'stuck')
  const wait = feature('wait', 'mover-#: futex of a locked mutex')
  const abort = feature('operation', 'serve: journal block #')
  const passed = Array.from({ length: 8 }, () => run(false, []))
  const failed = [
    run(true, [stuck, wait]),
    run(true, [stuck, wait]),
    run(true, [stuck, abort]),
    run(true, [stuck, abort]),
  ]
  const { groups, failures } = groupFailures([...passed, ...failed])
  expect(groups.map(({ name }) => name)).toEqual([
    'stuck: mover-#: futex of a locked mutex',
    'stuck: serve: journal block #',
  ])
  const first = failed[0]?.run
  expect(failures.map(({ why }) => why)).toEqual([
    'the first failure',
    `as ${first}: both waiting mover-#: futex of a locked mutex, symptom stuck`,
    'unlike "stuck: mover-#: futex of a locked mutex": it has failed operation serve: journal block #, it lacks waiting mover-#: futex of a locked mutex',
    `as ${failed[2]?.run}: both failed operation serve: journal block #, symptom stuck`,
  ])
})

test('the user has the last word', () => {
  const stuck = feature('symptom', 'stuck')
  const runs = ['disk full on a', 'disk full on b', 'out of files', 'out of files'].map((said) =>
    run(true, [stuck, feature('error', said)], [said]),
  )
  const all = groupFailures(runs, { same: [/disk/, /files/] }).groups
  expect(all.map(({ told, runs: members }) => [told, members.length])).toEqual([['same', 4]])
  const apart = groupFailures(runs, { other: [/on b$/] }).groups
  expect(apart.find(({ told }) => told === 'other')?.runs).toEqual([runs[1]?.run])
})

test('no failure, no group', () => {
  expect(groupFailures([])).toEqual({ groups: [], failures: [] })
  expect(groupFailures([run(false, [])])).toEqual({ groups: [], failures: [] })
})
