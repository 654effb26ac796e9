import { expect, test } from 'vitest'
import { parsePromql } from './index.ts'

/** Each problem as `text it is about: message (hint)`. */
function problems(text: string): string[] {
  const parsed = parsePromql(text)
  if ('expr' in parsed) return []
  return parsed.problems.map(({ offset, length, message, hint }) => {
    const about = text.slice(offset, offset + length)
    return `${about}: ${message}${hint === undefined ? '' : ` (${hint})`}`
  })
}

test('all problems are reported, each where it is', () => {
  expect(problems('sum(rat(load[5m]) / ceil(load, 1)) > hour(cpu[1m]) and label_join(x, "1a", "")')).toEqual([
    'rat: there is no function rat (did you mean rate?)',
    'ceil: ceil takes 1 argument, not 2',
    expect.stringMatching(
      /^hour: the function hour of Prometheus is not supported \(supported are abs, absent, /,
    ),
    '"1a": `1a` is no label name',
  ])
})

test('it goes on after a mistake in brackets', () => {
  expect(problems('rate(a[5]) + max(b{x=1}) + min(c{y="(", z=~"("}) by (q w)')).toEqual([
    '5: expected a duration such as 5m, found `5` (did you mean 5s?)',
    '1: expected a string in quotes, found `1`',
    'c{y="(", z=~"("}: `(` is no regular expression: a `(` without its `)`',
    'w: expected `)`, found `w`',
  ])
})

test.each([
  ['', ': expected an expression, found the end'],
  ['a b', 'b: expected an operator or the end, found `b`'],
  ['a ofset 5m', 'ofset: expected an operator or the end, found `ofset` (did you mean offset?)'],
  [
    'a > 5m',
    '5m: expected an expression, found `5m` (a duration stands only in brackets, or after offset; write seconds as a number)',
  ],
  [
    'rate(a)',
    'a: argument 1 of rate needs a range vector, not an instant vector (add a range, such as [5m])',
  ],
  [
    'a[5m]',
    'a[5m]: this gives a range vector, which has no value at an instant (wrap it in a function such as rate() or max_over_time())',
  ],
  [
    'a[5m] > 1',
    'a[5m]: `>` needs a scalar or an instant vector on each side, not a range vector (wrap it in a function such as rate() or avg_over_time())',
  ],
  [
    '(a + b)[5m]',
    '[5m]: a range needs a selector before it (for a range of any expression write a subquery, such as (a + b)[5m:10s])',
  ],
  ['a offset 1m [5m]', '[5m]: offset and @ come after the range (write a[5m] offset 1m)'],
  ['rate(a[1m1h])', '1m1h: `1m1h`: units go from big to small, each once: y w d h m s ms'],
  ['1 > 2', '1 > 2: a comparison of two scalars needs bool (write `> bool`)'],
  [
    '{a=~".*"}',
    '{a=~".*"}: this selects every series there is (add a metric name, or a matcher that an empty value does not satisfy)',
  ],
  ['"abc', '"abc: string without its closing "'],
  ['on + 1', 'on: expected an expression, found `on` (`on` is a word of PromQL; use {__name__="on"})'],
  ['a # comment', undefined],
  ['a\n  > # why\n 0x1F', undefined],
])('%j', (text, problem) => {
  expect(problems(text)).toEqual(problem === undefined ? [] : [problem])
})

test('hostile text ends in a problem', () => {
  expect(problems('('.repeat(40_000))).toContainEqual(
    expect.stringContaining('at most 200 levels of nesting'),
  )
  expect(problems('-'.repeat(40_000))).not.toEqual([])
  expect(problems('a{b=~"' + '('.repeat(40_000) + '"}')).not.toEqual([])
  expect(problems('\u0000\ud800\u{1f600}')).not.toEqual([])
  expect(problems('$'.repeat(40_000))).toHaveLength(100)
  expect(problems('a'.repeat(1e7))).toEqual([expect.stringContaining('at most 50000 characters')])
  expect(problems('a+'.repeat(1000) + 'a')).toEqual([])
  expect(problems('a+'.repeat(20_000) + 'a')).toEqual([expect.stringContaining('at most 1000 operators')])
})
