/**
 * Bisections of simulated histories, whose first version is good, with rates that are not known beforehand: mean runs, their
 * ratio to git_bayesect's (PyPI) on the same histories and to the capacity of the channel that a run is, how often the
 * answer is right, and the runs that it would take if the rates were known. Then the same with faults, with an old side that
 * is known to fail, with 20 machines, and the time of a choice.
 *
 *   node bench/hunt/bisect.ts [HISTORIES] [FIRST SEED]      40 of each kind from seed 0: 4 minutes
 *
 * With 0 histories only the time is taken. git_bayesect 1.2 is installed for the time of it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bisectPlanner, line } from '../../src/hunt/bisect/index.ts'
import { bound, CONFIDENCE, type Histories, mean, ours, share, theirs, withFaults } from './bisection.ts'

const count = Number(process.argv[2] ?? 40)
const seed = Number(process.argv[3] ?? 0)
/** Rates with the change and without, and the most runs that it may take, as a part of git_bayesect's. */
const RATES = [
  [1, 0, 0.75],
  [0.8, 0.2, 1.05],
  [0.5, 0, 0.75],
  [0.2, 0, 0.75],
  [0.1, 0, 0.75],
  [0.05, 0, 0.75],
] as const
const MACHINES = 20
/** Runs of the old side that were made before a bisection. */
const BEFORE = 10

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const row = (...cells: readonly (string | number)[]): void =>
  say(
    cells
      .map((cell, at) =>
        (typeof cell === 'number' ? cell.toFixed(2) : cell).padStart(at === 6 || at === 7 ? 22 : 10),
      )
      .join(''),
  )
const of = (fresh: number, old: number, versions = 128): Histories => ({ count, versions, fresh, old, seed })

function table(python: string): void {
  for (const versions of [128, 1024]) {
    say(`\n${count} histories of ${versions} versions, to ${CONFIDENCE}`)
    row('rates', 'runs', 'peer', 'ratio', 'at most', 'x bound', 'right', 'peer right', 'known', 'x bound')
    for (const [fresh, old, limit] of RATES) {
      const histories = of(fresh, old, versions)
      const [own, peer, known] = [
        ours(histories),
        theirs(python, histories),
        ours(histories, { known: true }),
      ]
      const [runs, least] = [mean(own.runs), bound(histories)]
      row(
        `${fresh}, ${old}`,
        runs,
        mean(peer.runs),
        runs / mean(peer.runs),
        limit,
        runs / least,
        share(own.right),
        share(peer.right),
        mean(known.runs),
        mean(known.runs) / least,
      )
    }
  }
}

function faults(): void {
  say(`\nof all runs 10 % each: another bug, a build that fails, a lost machine; 128 versions`)
  for (const [fresh, old] of [
    [1, 0],
    [0.8, 0.2],
    [0.5, 0],
  ] as const) {
    const [own, faulty] = [ours(of(fresh, old)), withFaults(of(fresh, old))]
    const ratio = mean(faulty.runs) / mean(own.runs)
    say(
      `  ${fresh}, ${old}: right ${share(faulty.right)}, without ${share(own.right)}; ${ratio.toFixed(2)} x the runs`,
    )
  }
}

function flaky(): void {
  say(`\n1024 versions, the old side fails too; then told how many of ${BEFORE} runs of it did`)
  for (const [fresh, old] of [
    [1, 0.5],
    [1, 0.3],
    [0.8, 0.2],
  ] as const) {
    const histories = of(fresh, old, 1024)
    const [own, told] = [ours(histories), ours(histories, { before: BEFORE })]
    say(
      `  ${fresh}, ${old}: ${mean(own.runs).toFixed(1)} runs, right ${share(own.right)}; told ${mean(told.runs).toFixed(1)}, ` +
        `right ${share(told.right)}; bound ${bound(histories).toFixed(1)} runs`,
    )
  }
}

function machines(): void {
  say(`\n${MACHINES} machines at rates 0.1, 0 over 128 versions (git_bayesect makes one run at a time)`)
  const [one, many] = [ours(of(0.1, 0)), ours(of(0.1, 0), { machines: MACHINES })]
  const fewer = mean(one.runs) / mean(many.rounds)
  const more = mean(many.runs) / mean(one.runs)
  say(
    `  ${mean(many.rounds).toFixed(1)} rounds, ${fewer.toFixed(1)} x fewer (at least 12); ` +
      `${mean(many.runs).toFixed(0)} runs, ${more.toFixed(2)} x one machine's (at most 1.4); right ${share(many.right)}`,
  )
}

function timeOfChoice(): void {
  const many = Array.from({ length: 100_000 }, (_, version) => version)
  const order = line(many.map(String))
  const planner = bisectPlanner({ over: 'v', versions: many, order, confidence: CONFIDENCE })
  const trials = Array.from({ length: 40 }, (_, index) => ({
    number: index + 1,
    point: { v: (index * 7919) % 100_000 },
    why: '',
    outcome: (index * 7919) % 100_000 > 60_000 && index % 3 === 0 ? ('shown' as const) : ('clean' as const),
    seconds: 1,
  }))
  const times = Array.from({ length: 9 }, () => {
    const began = process.cpuUsage().user
    planner.next(trials, 1)
    return (process.cpuUsage().user - began) / 1e3
  }).toSorted((a, b) => a - b)
  const ms = times[4] ?? 0
  say(
    `\nthe next run over 100,000 versions: ${ms.toFixed(1)} ms of CPU, ${(ms / 50).toFixed(2)} x the limit of 50 ms`,
  )
}

/** Runs `body` with the path of a Python that has git_bayesect. */
function withPeer(body: (python: string) => void): void {
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
    body(join(directory, 'bin/python'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

if (count > 0) {
  withPeer(table)
  faults()
  flaky()
  machines()
}
timeOfChoice()
