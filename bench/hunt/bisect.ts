/**
 * Bisections of simulated histories, whose first version is good, with rates that are not known beforehand: how often the answer is right, mean runs, and their
 * ratio to git_bayesect's (PyPI) on histories of the same kind, and to the capacity of the channel that a run is.
 *
 *   node bench/hunt/bisect.ts [HISTORIES] [VERSIONS]      40 of 128; git_bayesect 1.2 is installed for the time of it
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../src/base/random.ts'
import { Beliefs } from '../../src/hunt/bisect/beliefs.ts'
import { choose } from '../../src/hunt/bisect/choose.ts'
import { bisectPlanner, line, probabilityFor } from '../../src/hunt/bisect/index.ts'
import { binaryEntropy, rateGrid } from '../../src/hunt/bisect/rates.ts'

const HISTORIES = Number(process.argv[2] ?? 40)
const VERSIONS = Number(process.argv[3] ?? 128)
const CONFIDENCE = 0.95
const MOST_RUNS = 6000
const RATES = [
  [1, 0],
  [0.8, 0.2],
  [0.5, 0],
  [0.2, 0],
  [0.1, 0],
  [0.05, 0],
] as const

interface Figures {
  readonly right: number
  readonly runs: number
}

/** As the planner does, but told each run as it comes. */
function ours(fresh: number, old: number): Figures {
  const grid = rateGrid()
  const order = line(Array.from({ length: VERSIONS }, (_, version) => String(version)))
  let [right, runs] = [0, 0]
  for (let history = 0; history < HISTORIES; history++) {
    const random = seededRandom(history)
    const change = 1 + random.below(VERSIONS - 1)
    const beliefs = new Beliefs(order, grid, new Float64Array(VERSIONS).fill(1 / VERSIONS))
    for (let run = 0; run < MOST_RUNS; run++) {
      const { probability } = beliefs
      const top = probability.indexOf(Math.max(...probability))
      if ((probability[top] as number) >= probabilityFor(CONFIDENCE)) {
        if (top === change) right++
        break
      }
      const choice = choose(beliefs, order)
      if (choice === undefined) break
      const shown = random.next() < (choice.version >= change ? fresh : old) ? 1 : 0
      beliefs.observe(choice.version, shown, 1 - shown)
      runs++
    }
  }
  return { right: right / HISTORIES, runs: runs / HISTORIES }
}

function theirs(python: string, fresh: number, old: number): Figures {
  const lines = Array.from({ length: HISTORIES }, (_, history) => {
    const random = seededRandom(history)
    const change = 1 + random.below(VERSIONS - 1)
    const numbers = Array.from({ length: MOST_RUNS }, () => random.next().toFixed(6))
    return [VERSIONS, change, CONFIDENCE, fresh, old, ...numbers].join(' ')
  })
  const peer = join(import.meta.dirname, 'peer-git-bayesect.py')
  const input = `${lines.join('\n')}\n`
  const { stdout, status, stderr } = spawnSync(python, [peer], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(stderr)
  const ends = stdout
    .trim()
    .split('\n')
    .map((text) => text.split(' ').map(Number))
  const mean = (index: number): number => ends.reduce((sum, end) => sum + (end[index] ?? 0), 0) / ends.length
  return { runs: mean(0), right: mean(1) }
}

/** Bits of one run at known rates, with the best share of versions that contain the change. */
function capacity(fresh: number, old: number): number {
  let best = 0
  for (let share = 0; share <= 1; share += 1e-4) {
    const shows = share * fresh + (1 - share) * old
    const bits = binaryEntropy(shows) - share * binaryEntropy(fresh) - (1 - share) * binaryEntropy(old)
    if (bits > best) best = bits
  }
  return best
}

const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
try {
  for (const words of [
    ['python3', '-m', 'venv', directory],
    [join(directory, 'bin/pip'), 'install', '-q', 'git_bayesect==1.2'],
  ]) {
    const [program = '', ...rest] = words
    const { status } = spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0)
      throw new Error(`${words.join(' ')} failed: python3 with venv and a package index are needed`)
  }
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  say(`${HISTORIES} histories of ${VERSIONS} versions, to ${CONFIDENCE}`)
  for (const [fresh, old] of RATES) {
    const [own, peer] = [ours(fresh, old), theirs(join(directory, 'bin/python'), fresh, old)]
    const bound = Math.log2(VERSIONS) / capacity(fresh, old)
    say(
      `rates ${fresh}, ${old}: right ${own.right.toFixed(3)} (peer ${peer.right.toFixed(3)}), ` +
        `${own.runs.toFixed(1)} runs, ${(own.runs / peer.runs).toFixed(2)} x git_bayesect's ${peer.runs.toFixed(1)}, ` +
        `${(own.runs / bound).toFixed(2)} x the capacity bound ${bound.toFixed(1)}`,
    )
  }
  // The time of a choice over a long history.
  const many = Array.from({ length: 100_000 }, (_, version) => version)
  const planner = bisectPlanner({
    over: 'v',
    versions: many,
    order: line(many.map(String)),
    confidence: CONFIDENCE,
  })
  const trials = Array.from({ length: 40 }, (_, index) => ({
    number: index + 1,
    point: { v: (index * 7919) % 100_000 },
    why: '',
    outcome: (index * 7919) % 100_000 > 60_000 && index % 3 === 0 ? ('shown' as const) : ('clean' as const),
    seconds: 1,
  }))
  const times = Array.from({ length: 9 }, () => {
    const began = performance.now()
    planner.next(trials, 1)
    return performance.now() - began
  }).toSorted((a, b) => a - b)
  say(
    `the next run over 100,000 versions: ${(times[4] ?? 0).toFixed(1)} ms, ${((times[4] ?? 0) / 50).toFixed(2)} x the limit of 50 ms`,
  )
} finally {
  rmSync(directory, { recursive: true, force: true })
}
