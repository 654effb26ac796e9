/**
 * Change points, beside Apache Otava on the same series in the same run:
 * `node bench/hunt/trend.ts [--otava VENV] [--level 0.01] [--otava-p 0.001] [series]`, 300 series of each kind unless
 * said otherwise. Prints false alarms per series without a change, by noise and length; recall of steps, within ten
 * points, and how many points off; and the time per series, warm, of ours over Otava's. Without a venv, one is made in a
 * temporary directory: python3, and `pip install apache-otava`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/base/random.ts'
import { changePoints } from '../../src/hunt/trend/change-points.ts'
import { normal } from '../../src/hunt/trend/noise.ts'

const NEAR = 10
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    otava: { type: 'string' },
    level: { type: 'string', default: '0.01' },
    'otava-p': { type: 'string', default: '0.001' },
  },
})
const SERIES = Number(positionals[0] ?? 300)
const LEVEL = Number(options.level)

const next = normal(seededRandom(365))
/** Innovations with variance 1, or infinite for t3, which is scaled as if it had 1. */
const innovations = {
  normal: next,
  t3: (): number => next() / Math.sqrt((next() ** 2 + next() ** 2 + next() ** 2) / 3) / Math.sqrt(3),
  lognormal: (): number => (Math.exp(next()) - Math.exp(0.5)) / Math.sqrt((Math.E - 1) * Math.E),
} as const

interface Noise {
  readonly memory: number
  readonly shape: keyof typeof innovations
}

/** Variance 1, after a while to forget its beginning. */
function noiseOf(length: number, { memory, shape }: Noise): number[] {
  let value = 0
  const draw = (): number => (value = memory * value + Math.sqrt(1 - memory * memory) * innovations[shape]())
  for (let i = 0; i < 60; i++) draw()
  return Array.from({ length }, draw)
}

interface Case {
  readonly name: string
  readonly length: number
  readonly noise: Noise
  /** Steps by the index that they begin at. */
  readonly steps: Readonly<Record<number, number>>
}

const seriesOf = ({ length, noise, steps }: Case): number[] => {
  let level = 0
  return noiseOf(length, noise).map((value, i) => value + (level += steps[i] ?? 0))
}

interface Found {
  readonly at: readonly number[]
  readonly seconds: number
}

function ours(series: readonly number[]): Found {
  const started = performance.now()
  const { changes } = changePoints(series, { level: LEVEL })
  return { at: changes.map(({ index }) => index), seconds: (performance.now() - started) / 1000 }
}

function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status === 0) return stdout
  throw new Error(
    `${program} ${args.join(' ')}: ${error?.message ?? stderr.trim().split('\n').at(-1)}
Otava is needed: python3 -m venv DIR && DIR/bin/pip install apache-otava, then --otava DIR`,
  )
}

function install(directory: string): string {
  process.stderr.write('installing apache-otava from PyPI\n')
  run('python3', ['-m', 'venv', directory])
  run(join(directory, 'bin/pip'), ['install', '--quiet', 'apache-otava'])
  return directory
}

const theirs = (venv: string, series: readonly (readonly number[])[]): Found[] =>
  JSON.parse(
    run(
      join(venv, 'bin/python'),
      [join(import.meta.dirname, 'otava_peer.py'), options['otava-p']],
      JSON.stringify(series),
    ),
  ) as Found[]

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8)
const total = (found: readonly Found[]): number => found.reduce((sum, { seconds }) => sum + seconds, 0)
const print = (...cells: readonly string[]): void => void process.stdout.write(`${cells.join('  ')}\n`)

interface Score {
  readonly recall: number
  /** Mean distance of those found, in points. */
  readonly off: number
  /** Series with more changes than there are. */
  readonly tooMany: number
}

function score(found: readonly Found[], steps: readonly number[]): Score {
  const distances = found.flatMap(({ at }) =>
    steps.map((step) => at.reduce((least, one) => Math.min(least, Math.abs(one - step)), Infinity)),
  )
  const near = distances.filter((distance) => distance <= NEAR)
  return {
    recall: near.length / distances.length,
    off: near.reduce((sum, distance) => sum + distance, 0) / near.length,
    tooMany: found.filter(({ at }) => at.length > steps.length).length / found.length,
  }
}

function compare(venv: string, one: Case): void {
  const series = Array.from({ length: SERIES }, () => seriesOf(one))
  const steps = Object.keys(one.steps).map(Number)
  const [mine, other] = [series.map(ours), theirs(venv, series)]
  const time = `${((1000 * total(mine)) / SERIES).toFixed(2).padStart(6)} ms, ${(total(mine) / total(other)).toFixed(2)} x Otava`
  if (steps.length === 0) {
    const alarms = (found: readonly Found[]): string =>
      percent(found.filter(({ at }) => at.length > 0).length / SERIES)
    print(one.name.padEnd(44), `false alarms ${alarms(mine)}, Otava ${alarms(other)}`, time)
    return
  }
  const [a, b] = [score(mine, steps), score(other, steps)]
  const told = ({ recall, off, tooMany }: Score): string =>
    `${percent(recall)} ${off.toFixed(1).padStart(4)} off ${percent(tooMany)} too many`
  print(one.name.padEnd(44), `recall ${told(a)}; Otava ${told(b)}`, time)
}

const noises: readonly (Noise & { readonly name: string })[] = [
  { name: 'white', memory: 0, shape: 'normal' },
  { name: 'AR 0.3', memory: 0.3, shape: 'normal' },
  { name: 'AR 0.6', memory: 0.6, shape: 'normal' },
  { name: 't3', memory: 0, shape: 't3' },
  { name: 't3, AR 0.3', memory: 0.3, shape: 't3' },
  { name: 'lognormal', memory: 0, shape: 'lognormal' },
  { name: 'lognormal, AR 0.3', memory: 0.3, shape: 'lognormal' },
]
const lengths = [30, 100, 365]
const white = { memory: 0, shape: 'normal' } as const
const remembers = { memory: 0.3, shape: 'normal' } as const

const still: Case[] = lengths.flatMap((length) =>
  noises.map(({ name, ...noise }) => ({ name: `${length} points, ${name}`, length, noise, steps: {} })),
)
const single: Case[] = lengths.flatMap((length) =>
  [0.5, 1, 2].flatMap((size) =>
    [white, remembers].map((noise) => ({
      name: `${length} points, ${noise.memory > 0 ? 'AR 0.3' : 'white'}, ${size} sigma in the middle`,
      length,
      noise,
      steps: { [Math.floor(length / 2)]: size },
    })),
  ),
)
const others: Case[] = [
  { name: '365 points, white, 1 sigma for the last 100', length: 365, noise: white, steps: { 265: 1 } },
  {
    name: '100 points, t3, 1 sigma in the middle',
    length: 100,
    noise: { memory: 0, shape: 't3' },
    steps: { 50: 1 },
  },
  {
    name: '100 points, lognormal, 1 sigma in the middle',
    length: 100,
    noise: { memory: 0, shape: 'lognormal' },
    steps: { 50: 1 },
  },
  { name: '100 points, white, 3 sigma for the last 5', length: 100, noise: white, steps: { 95: 3 } },
  {
    name: '100 points, white, 1.5 sigma for 20 points',
    length: 100,
    noise: white,
    steps: { 40: 1.5, 60: -1.5 },
  },
  {
    name: '365 points, white, +1 -1 +2 sigma',
    length: 365,
    noise: white,
    steps: { 100: 1, 200: -1, 300: 2 },
  },
  {
    name: '365 points, AR 0.3, +1 -1 +2 sigma',
    length: 365,
    noise: remembers,
    steps: { 100: 1, 200: -1, 300: 2 },
  },
  {
    name: '365 points, white, six of 3 sigma, up and down',
    length: 365,
    noise: white,
    steps: { 50: 3, 100: -3, 150: 3, 200: -3, 250: 3, 300: -3 },
  },
]

const temporary = options.otava === undefined ? mkdtempSync(join(tmpdir(), 'quarry-bench-')) : undefined
try {
  const venv = options.otava ?? install(temporary ?? '')
  print(
    `ours at ${percent(LEVEL).trim()} a series, Otava at p = ${options['otava-p']}; ${SERIES} series of each kind`,
  )
  // Warm, as Otava's process is.
  for (let i = 0; i < 200; i++) ours(seriesOf(single[i % single.length] ?? (still[0] as Case)))
  for (const one of [...still, ...single, ...others]) compare(venv, one)
} finally {
  if (temporary !== undefined) rmSync(temporary, { recursive: true })
}
