/** Definitions that nobody should have written: every problem with its place, exit code 64, and nothing begun. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeAll(() => {
  place = workplace()
})
afterAll(() => place[Symbol.dispose]())

/** Nine to the power of eleven values, if somebody wrote them all out. */
const bomb = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x]',
  ...Array.from(
    { length: 11 },
    (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(', ')}]`,
  ),
].join('\n')

const manyProblems = `wrkload: {}
workload:
  phases:
    - a: {modul: noop}
    - b: {module: slep}
    - c: {module: sleep, properties: {duration: soon}}
observe: {every: [1], samplers: [cpuu]}
evidence: {window: -3s}
`

const cases: readonly (readonly [string, string | Uint8Array, readonly RegExp[]])[] = [
  ['malformed', 'workload:\n  phases:\n    - a: {module: noop\n   b: 3\n', [/^malformed:4:4: not YAML/]],
  ['bomb', bomb, [/^bomb:\d+:\d+: more than \d+ values/]],
  ['cycle', 'workload: &a\n  phases: [*a]\n', [/^cycle:2:12: alias \*a is inside what it stands for/]],
  ['giant', `description: ${'x'.repeat(10_000_000)}\n`, [/^giant:1:1: the file has 10.0 million characters/]],
  [
    'binary',
    Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)),
    [/^binary:1:\d+: not a text/],
  ],
  ['empty', '', [/^empty:1:1: the definition is empty/]],
  [
    'many',
    manyProblems,
    [
      /^many:1:1: .*`wrkload`; did you mean `workload`\?/,
      /^many:4:11: .*`modul`; did you mean `module`\?/,
      /^many:5:19: .*`slep`; did you mean `sleep`\?/,
      /^many:6:49: .*not a duration: soon/,
      /^many:7:18: `every` .*must be a duration, not a list/,
      /^many:7:34: .*`cpuu`; did you mean `cpu`\?/,
      /^many:8:20: `window` must be a duration/,
    ],
  ],
]

test.for(cases)('%s', async ([name, text, expected]) => {
  writeFileSync(join(place.path, name), text)
  for (const command of ['run', 'watch']) {
    const { exitCode, stderr, stdout } = await place.quarry(command, name)
    expect([exitCode, stdout]).toEqual([64, ''])
    for (const pattern of expected) expect(stderr.split('\n')).toContainEqual(expect.stringMatching(pattern))
  }
  expect(existsSync(place.runs)).toBe(false)
})

test('what is no file, or has no end', async () => {
  mkdirSync(join(place.path, 'folder'))
  for (const [file, why] of [
    ['absent', 'ENOENT'],
    ['folder', 'EISDIR'],
    ['/dev/zero', 'more than 67108864 bytes'],
  ] as const) {
    const ended = await place.quarry('run', file, '--json')
    expect(ended.exitCode).toBe(64)
    expect(jsonOf<{ error: { message: string } }>(ended).error.message).toContain(
      `cannot read ${file}: ${why}`,
    )
  }
  expect(existsSync(place.runs)).toBe(false)
})

test('standard input: problems have a place there, too', async () => {
  writeFileSync(join(place.path, 'many'), manyProblems)
  const piped = place.startUnder(['sh', '-c', 'exec "$@" < many', 'sh'], 'run', '-')
  const { exitCode, stderr } = await piped.done
  expect(exitCode).toBe(64)
  expect(stderr).toMatch(/^<stdin>:5:19: /m)
  const endless = await place.startUnder(['sh', '-c', 'yes | "$@"', 'sh'], 'run', '-').done
  expect([endless.exitCode, endless.stderr]).toEqual([64, expect.stringContaining('cannot read -')])
  expect(existsSync(place.runs)).toBe(false)
})

test('the same problems as JSON, for editors', async () => {
  writeFileSync(join(place.path, 'many'), manyProblems)
  const { error } = jsonOf<{ error: { problems: { line: number; column: number }[] } }>(
    await place.quarry('run', 'many', '--json'),
  )
  expect(error.problems.map(({ line, column }) => `${line}:${column}`)).toEqual([
    '1:1',
    '4:11',
    '5:19',
    '6:49',
    '7:18',
    '7:34',
    '8:20',
  ])
})
