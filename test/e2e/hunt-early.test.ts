/** Hunts of real runs in which a sign comes before the behaviour: proposed, used, and dropped when it is contradicted. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HuntResult } from '../../src/model/hunt.ts'
import { readTrials } from '../../src/hunt/hunt-directory.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const MINUTES = 60_000
const when = `'probe_success{probe="moves"} == 0'`

/** It stalls, and a while later dies; from the ninth run of a hunt on it stalls and goes on. */
const definitionOf = (hunt: string, symptoms = ''): string => `
ensemble:
  server: {node.count: 1, provisioner: local}
observe:
  every: 200ms
  samplers: []
  probes:
    moves: {command: 'test ! -e "$QUARRY_SCRATCH/stalled"', every: 200ms}
    lives: {command: 'test ! -e "$QUARRY_SCRATCH/dead"', every: 200ms}
symptoms:
  dead: {when: 'probe_success{probe="lives"} == 0', then: stop}
${symptoms}hunt: ${hunt}
workload:
  phases:
    - work:
        module: bash
        properties:
          script: |
            number=$(sed -E 's|.*/trials/([0-9]+)/.*|\\1|' <<<"$QUARRY_ARTIFACTS")
            sleep 0.2; touch "$QUARRY_SCRATCH/stalled"; sleep 0.7
            [ "$number" -ge 9 ] || touch "$QUARRY_SCRATCH/dead"
            sleep 0.4
`

test(
  'a sign that comes before the behaviour is proposed, with what it saves',
  { timeout: 5 * MINUTES },
  async () => {
    const file = place.write(
      'p.yaml',
      definitionOf(
        '{ask: rate, symptom: dead, width: 0.4, runs: 4, parallel: 2}',
        `  stalled: {when: ${when}, expected: true, then: continue}\n`,
      ),
    )
    const ended = await place.quarry('hunt', file, '--as-is', '--json')
    const { early, directory } = jsonOf<HuntResult>(ended)
    expect(early).toMatchObject({ sign: 'stalled', state: 'proposed', seen: 4, followed: 4 })
    expect(early?.secondsPerRun).toBeGreaterThan(0.2)
    expect(early?.secondsInAll).toBeGreaterThan(0.2)
    expect(early?.sentence).toMatch(
      /^A run could end at stalled, which would save .* in all: in 4 of 4 runs with stalled the behaviour came after it/,
    )
    expect(readFileSync(join(directory, 'hunt.html'), 'utf8')).toContain('A run could end at stalled')
    expect(ended.stderr).toContain('A run could end at stalled')
    expect(readTrials(directory).some(({ endsAt }) => endsAt !== undefined)).toBe(false)
  },
)

test(
  'where it may, runs end at the sign, until one that goes on contradicts it',
  { timeout: 5 * MINUTES },
  async () => {
    const file = place.write(
      'u.yaml',
      definitionOf(
        `{ask: rate, symptom: dead, early: use, signs: {stalled: {when: ${when}}}, width: 0.1, runs: 10, parallel: 2}`,
      ),
    )
    const { early, directory, answer } = jsonOf<HuntResult>(
      await place.quarry('hunt', file, '--as-is', '--json'),
    )
    const trials = readTrials(directory)
    const ended = trials.filter(({ early: byTheSign }) => byTheSign)
    expect(ended.length).toBeGreaterThanOrEqual(3)
    for (const { outcome, endsAt, seconds, signs } of ended) {
      expect({ outcome, endsAt }).toEqual({ outcome: 'shown', endsAt: 'stalled' })
      expect(seconds).toBe(signs?.['stalled'])
    }
    const whole = trials.filter(({ endsAt }) => endsAt === undefined)
    const against = whole.filter(
      ({ outcome, signs }) => outcome === 'clean' && signs?.['stalled'] !== undefined,
    )
    expect(against.length).toBeGreaterThan(0)
    expect(early).toMatchObject({ sign: 'stalled', state: 'dropped' })
    // What was told from the sign alone counts no more.
    const failures = whole.filter(({ outcome }) => outcome === 'shown').length
    expect(answer).toContain(`It showed in ${failures} of ${whole.length} runs`)
    expect(trials.at(-1)?.endsAt).toBe(undefined)
  },
)
