/** Hunts of real runs: each is a process, fails at a set rate after a set version, and may be killed at any time. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HuntResult, TrialRecord } from '../../src/model/hunt.ts'
import { seededRandom } from '../../src/base/random.ts'
import { jsonOf, workplace, type Ended, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const MINUTES = 60_000
/** Of one hunt. */
const KILLS = 10
const root = join(import.meta.dirname, '../..')

/** A definition whose only step is a script that succeeds or does not. */
const definitionOf = (hunt: string, script: string, defaults = ''): string => `${defaults}
---
ensemble:
  client: {node.count: 1, provisioner: local}
observe: {samplers: []}
hunt: ${hunt}
workload:
  phases:
    - try: {module: bash, properties: {script: '${script}'}}
  checkers:
    ok: {checker: nofail}
`

const result = (ended: Ended): HuntResult => jsonOf<HuntResult>(ended)
const trialsOf = (directory: string): TrialRecord[] => [
  ...new Map(
    readFileSync(join(directory, 'trials.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TrialRecord)
      .map((trial) => [trial.number, trial]),
  ).values(),
]

test(
  'a bisection that is killed ten times goes on, and counts no run twice',
  { timeout: 10 * MINUTES },
  async () => {
    const hunt = '{ask: bisect, over: version, from: 1, to: 8, parallel: 2}'
    const file = place.write('b.yaml', definitionOf(hunt, '[ {{version}} -lt {{since}} ]', 'since: 6'))
    let started = place.start('hunt', file, '--as-is', '--json')
    await started.saw(/run 1 .*\n/)
    const directory = join(place.runs, readdirSync(place.runs)[0] ?? '')
    // At any moment: also before a run has begun, and while the one before is being judged.
    const seed = Date.now() % 1_000_000
    const random = seededRandom(seed)
    process.stdout.write(`killed at the moments of seed ${seed}\n`)
    for (let kill = 1; kill <= KILLS; kill++) {
      await setTimeout(random.below(1000))
      started.kill('SIGKILL')
      expect((await started.done).signal, `seed ${seed}, kill ${kill}`).toBe('SIGKILL')
      started = place.start('hunt', directory, '--as-is', '--json')
      await started.saw(/run \d+/)
    }
    const end = result(await started.done)
    expect(end).toMatchObject({ verdict: 'pass', question: 'bisect', result: 6 })
    const trials = trialsOf(directory)
    expect(trials.map(({ number }) => number)).toEqual(trials.map((_, index) => index + 1))
    expect(end.runs).toBe(trials.length)
    // Each that counts has one run of its own, with the version that it was planned for.
    for (const { number, outcome, point } of trials) {
      if (outcome !== 'shown' && outcome !== 'clean') continue
      const runs = readdirSync(join(directory, 'trials', String(number))).filter(
        (name) => name !== 'output.txt',
      )
      expect(runs).toHaveLength(1)
      const record = JSON.parse(
        readFileSync(join(directory, 'trials', String(number), runs[0] ?? '', 'run.json'), 'utf8'),
      )
      expect(record.parameters.version).toBe(point['version'])
      expect(outcome).toBe(Number(point['version']) < 6 ? 'clean' : 'shown')
    }
    const why = await place.quarry('hunt', directory, '--why')
    expect(why.stdout).toMatch(/run 1 \(version=\d+\): version \d+ tells [\d.]+ bits/)
    expect(why.stdout).toContain('Version 6 brought it')
  },
)

/** A history with a merged branch and a commit that cannot be built; gives the commit that breaks it. */
function repository(path: string): { readonly good: string; readonly culprit: string } {
  mkdirSync(path)
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', path, '-c', 'user.name=q', '-c', 'user.email=q@localhost', ...words], {
      encoding: 'utf8',
    }).trim()
  const commit = (files: Readonly<Record<string, string>>, message: string): string => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
    git('add', '.')
    git('commit', '-qm', message)
    return git('rev-parse', 'HEAD')
  }
  git('init', '-q', '-b', 'main')
  const good = commit({ check: 'exit 0\n', build: 'exit 0\n', notes: '0\n' }, 'begin')
  commit({ notes: '1\n' }, 'one')
  git('checkout', '-qb', 'side')
  commit({ side: '1\n' }, 'side one')
  const culprit = commit({ check: 'exit 1\n' }, 'side two breaks it')
  commit({ side: '2\n' }, 'side three')
  git('checkout', '-q', 'main')
  commit({ build: 'echo no compiler >&2; exit 2\n' }, 'cannot be built')
  commit({ build: 'exit 0\n', notes: '2\n' }, 'can be built again')
  git('merge', '-q', '--no-edit', 'side')
  commit({ notes: '3\n' }, 'after the merge')
  return { good, culprit }
}

test(
  'the commit of a merged branch is named, past one that cannot be built',
  { timeout: 10 * MINUTES },
  async () => {
    const repo = join(place.path, 'repository')
    const { good, culprit } = repository(repo)
    const hunt = `{ask: bisect, git: {repo: "${repo}", good: "${good}", bad: main, build: "sh build && touch built"}}`
    const file = place.write(
      'g.yaml',
      definitionOf(hunt, 'cd {{checkout}} && test -e built && sh check # {{commit}}'),
    )
    const ended = await place.quarry('hunt', file, '--as-is', '--json')
    expect(result(ended)).toMatchObject({ verdict: 'pass', result: culprit })
    expect(readdirSync(result(ended).directory)).not.toContain('checkouts')
    expect(trialsOf(result(ended).directory).length).toBe(result(ended).runs)
  },
)

test(
  'the patch of a series is named, and the hunt is told which kernel to run',
  { timeout: 5 * MINUTES },
  async () => {
    const patches = ['none yet.patch', 'locks.patch', 'timers.patch', 'last.patch']
    mkdirSync(join(place.path, 'kernels/patches'), { recursive: true })
    for (const patch of patches) place.write(`kernels/patches/${patch}`, '--- a/x\n+++ b/x\n')
    const listed = patches.map((patch) => `"patches/${patch}"`).join(', ')
    place.write('kernels/stack.yaml', `source: linux-source-6.1\npatches: [${listed}]\n`)
    // What the kernel of a run is called stands for what it does.
    const script = 'case "{{kernel}}" in *@none|*yet.patch|*locks.patch) ;; *) exit 1 ;; esac'
    const hunted = (series: string): string =>
      place.write('s.yaml', definitionOf(`{ask: bisect, series: ${series}}`, script))
    const ended = await place.quarry('hunt', hunted('kernels/stack.yaml'), '--as-is', '--json')
    expect(result(ended)).toMatchObject({
      verdict: 'pass',
      result: 'kernels/stack.yaml@patches/timers.patch',
    })
    expect(result(ended).answer).toMatch(/^Kernel kernels\/stack\.yaml@patches\/timers\.patch brought it/)
    const { exitCode, stderr } = await place.quarry('hunt', hunted('kernels/stick.yaml'))
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining('kernels/stick.yaml')])
  },
)

test(
  'the example names the release that loses an update now and then',
  { timeout: 10 * MINUTES },
  async () => {
    const text = readFileSync(join(root, 'examples/lost-update.yaml'), 'utf8')
    // Surer than usual: a test must not be wrong once in twenty times.
    const file = place.write(
      'lost-update.yaml',
      text
        .replace('from: 1\n  to: 64', 'from: 38\n  to: 45\n  confidence: 0.999')
        .replace('$QUARRY_DEFINITION_DIR', join(root, 'examples')),
    )
    const ended = await place.quarry('hunt', file, '--as-is', '--json')
    expect(result(ended)).toMatchObject({ verdict: 'pass', result: 42 })
    expect(result(ended).answer).toMatch(/^Release 42 brought it/)
  },
)

test(
  'verify says how many clean runs it takes, and a failure settles it',
  { timeout: 5 * MINUTES },
  async () => {
    const file = place.write(
      'v.yaml',
      definitionOf(
        '{ask: verify, confidence: 0.9, before: {shown: 9, runs: 10}}',
        'exit {{code}}',
        'code: 0',
      ),
    )
    const gone = await place.quarry('hunt', file, '--as-is', '--json')
    expect(result(gone)).toMatchObject({ verdict: 'pass', result: 'gone' })
    expect(result(gone).answer).toMatch(
      /^It is gone with probability 0\.9\d+: \d runs were clean, and it came in 9 of 10 runs before\.$/,
    )
    const there = await place.quarry('hunt', file, '--as-is', '--json', '-p', 'code=1')
    expect(there.exitCode).toBe(1)
    expect(result(there)).toMatchObject({ verdict: 'fail', result: 'still there', runs: 1 })
  },
)

test(
  'verify by time asks for clean seconds, in as many runs as they take',
  { timeout: 5 * MINUTES },
  async () => {
    const hunt = (before: string): string => `{ask: verify, by: time, confidence: 0.9, before: {${before}}}`
    const known = 'shown: 9, runs: 10'
    // 3 s (9 ^ (1 / 9.5) - 1) = 0.78 s.
    const file = place.write('t.yaml', definitionOf(hunt(`${known}, time: 3s`), 'sleep 0.3'))
    const gone = result(await place.quarry('hunt', file, '--as-is', '--json'))
    expect(gone).toMatchObject({ verdict: 'pass', result: 'gone' })
    expect(gone.answer).toMatch(
      /^It is gone with probability 0\.9\d+: .* were clean, in \d runs?, and it came 9 times in 3\.0 s before\.$/,
    )
    const without = place.write('w.yaml', definitionOf(hunt(known), 'exit 0'))
    expect((await place.quarry('hunt', without)).stderr).toContain('`by: time` needs `time` in `before`')
  },
)

test(
  'Ctrl-C stops a hunt with what is known, and it can be gone on with',
  { timeout: 5 * MINUTES },
  async () => {
    const file = place.write('r.yaml', definitionOf('{ask: reproduce}', 'sleep 30'))
    const started = place.start('hunt', file, '--as-is', '--json')
    await started.saw(/run 1/)
    await setTimeout(1500)
    started.kill('SIGINT')
    const ended = await started.done
    expect(ended.exitCode).toBe(2)
    expect(result(ended)).toMatchObject({ verdict: 'unknown', question: 'reproduce', result: null })
    const { directory } = result(ended)
    expect(existsSync(join(directory, 'hunter.json'))).toBe(false)
    expect((await place.quarry('sweep')).exitCode).toBe(0)
  },
)

test('what is wrong with a hunt is told before anything is run', async () => {
  const none = place.write(
    'n.yaml',
    definitionOf('{ask: bisect, over: version, from: 3, to: 1}', 'exit {{version}}'),
  )
  const { exitCode, stderr } = await place.quarry('hunt', none)
  expect(exitCode).toBe(64)
  expect(stderr).toMatch(/n\.yaml:6:\d+: `to` of `hunt`: `to` must be above `from`/)
  const ask = await place.quarry(
    'hunt',
    place.write('p.yaml', definitionOf('{ask: rate}', 'exit 0')),
    '--ask',
    'verify',
  )
  expect(ask.stderr).toContain('`verify` needs `before`')
  const unused = place.write('u.yaml', definitionOf('{ask: bisect, over: version, from: 1, to: 3}', 'exit 0'))
  expect((await place.quarry('hunt', unused)).stderr).toContain('version')
  expect((await place.quarry('hunt', '-')).stderr).toContain('name a file')
  expect(existsSync(place.runs)).toBe(false)
})
