/** What the page of a hunt says, and that nothing of a run can become markup in it. */
import { expect, test } from 'vitest'
import type { HuntResult, Picture, SurvivalCurve, TrialRecord } from '../../model/hunt.ts'
import { huntPage } from './page.ts'

const result: HuntResult = {
  verdict: 'pass',
  hunt: 'h',
  directory: '/d',
  question: 'bisect',
  answer: 'Release <b>42</b> brought it.',
  result: 42,
  probability: 0.97,
  runs: 2,
}
const trial: TrialRecord = {
  number: 1,
  point: { release: '"><script>alert(1)</script>' },
  why: 'because <i>',
  outcome: 'shown',
  seconds: 2,
  note: '<img src=x>',
  run: '/d/trials/1/r',
}
const pageWith = (picture: Picture, curves: readonly SurvivalCurve[] = []): string =>
  huntPage({
    result,
    title: 'Which?',
    picture,
    runsToGo: 3,
    curves,
    trials: [trial, { ...trial, number: 2, outcome: 'clean' }],
    pageOf: () => 'trials/1/r/case.html',
  })

test('few candidates have bars with their names, many share columns', () => {
  const bars = (count: number): Picture => ({
    type: 'posterior',
    over: 'release',
    bars: Array.from({ length: count }, (_, index) => ({ label: `r${index}<`, probability: 1 / count })),
  })
  expect(pageWith(bars(3))).toContain('r2&lt;')
  const many = pageWith(bars(1000))
  expect(many.match(/<rect\s/g)).toHaveLength(240)
  expect(many).toContain('r0&lt; to r3&lt;')
})

test('rates have their interval, and a course when there were runs', () => {
  const known = { shown: 1, runs: 2, low: 0.1, high: 0.9 }
  const picture: Picture = {
    type: 'rates',
    rates: [{ label: 'all <runs>', ...known, course: [{ ...known, shown: 0, runs: 1 }, known] }],
  }
  const page = pageWith(picture)
  expect(page).toContain('1 of 2, 10.0 % to 90.0 %')
  expect(page).toContain('points="50.00,10.00 100.00,10.00 100.00,90.00 50.00,90.00"')
  expect(page).toContain('About 3 runs more are expected.')
})

test('candidates may come with the runs on either side of the likeliest', () => {
  const page = pageWith({
    type: 'posterior',
    over: 'factor',
    bars: [{ label: 'cache', probability: 0.9 }],
    rates: [{ label: 'cache=<on>', shown: 3, runs: 4, low: 0.2, high: 0.99, course: [] }],
  })
  expect(page).toContain('cache=&lt;on&gt;')
  expect(page).toContain('3 of 4, 20.0 % to 99.0 %')
})

test('when it came is drawn as steps, with the runs that ended without it', () => {
  const steps = [1, 2, 3].map((seconds) => ({ seconds, share: 1 - seconds / 4, atRisk: 5 - seconds }))
  const page = pageWith({ type: 'rates', rates: [] }, [
    { label: 'k=<1>', longest: 4, steps, ended: [4], shape: 3 },
  ])
  expect(page).toContain(
    'points="0.00,0.00 25.00,0.00 25.00,25.00 50.00,25.00 50.00,50.00 75.00,50.00 75.00,75.00 100.00,75.00"',
  )
  expect(page).toContain('k=&lt;1&gt;')
  expect(page).toMatch(/class="ended"\s+x1="100.00"\s+x2="100.00"\s+y1="71"\s+y2="79"/)
  expect(page).toContain('not at a constant rate: Weibull shape 3.0')
})

test('nothing of a run is markup', () => {
  const page = pageWith({ type: 'posterior', over: '<release>', bars: [] })
  for (const tag of ['<script>', '<img', '<i>', '<b>42']) expect(page).not.toContain(tag)
  expect(page).toContain('<a href="trials/1/r/case.html">1</a>')
})
