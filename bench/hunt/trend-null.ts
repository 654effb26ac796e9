/**
 * Makes src/hunt/trend/null-table.json: how large the gain of the best cut of each kind gets in series without steps, and
 * what autocorrelation it leaves, by length and memory. `node bench/hunt/trend-null.ts [series] >src/hunt/trend/null-table.json`, and `oxfmt .`;
 * with 5,000 series, the default, it takes minutes on one core.
 */
import { seededRandom } from '../../src/base/random.ts'
import { normal, remembering } from '../../src/hunt/trend/noise.ts'
import { kinds, scan, type Kind } from '../../src/hunt/trend/scan.ts'

const LENGTHS = [8, 12, 18, 27, 40, 60, 90, 135, 200, 300, 450, 700, 1000]
const MEMORIES = [0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98]
const TAILS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]

const series = Number(process.argv[2] ?? 5_000)
const next = normal(seededRandom(20_261_126))

interface Cell {
  readonly gains: readonly number[]
  readonly left: number
}

const quantile = (ascending: Float64Array, share: number): number =>
  ascending[Math.ceil(share * ascending.length) - 1] ?? Number.NaN

function simulate(length: number, memory: number): Readonly<Record<Kind, Cell>> {
  const gains = kinds.map(() => new Float64Array(series))
  const left = kinds.map(() => new Float64Array(series))
  for (let i = 0; i < series; i++) {
    const { cuts } = scan(remembering(length, memory, next))
    for (const [k, kind] of kinds.entries()) {
      gains[k]?.fill(cuts[kind]?.gain ?? 0, i, i + 1)
      left[k]?.fill(cuts[kind]?.left ?? 0, i, i + 1)
    }
  }
  const cells = kinds.map((kind, k): [Kind, Cell] => {
    const [ascending = new Float64Array(), remains = new Float64Array()] = [gains[k]?.sort(), left[k]?.sort()]
    const high = TAILS.map((tail) => Number(quantile(ascending, 1 - tail).toFixed(2)))
    return [kind, { gains: high, left: Number(quantile(remains, 0.5).toFixed(3)) }]
  })
  return Object.fromEntries(cells) as Record<Kind, Cell>
}

const cells = LENGTHS.map((length) => MEMORIES.map((memory) => simulate(length, memory)))
const columns = (of: (cell: Cell) => unknown): unknown =>
  Object.fromEntries(kinds.map((kind) => [kind, cells.map((row) => row.map((cell) => of(cell[kind])))]))
const table = {
  lengths: LENGTHS,
  memories: MEMORIES,
  tails: TAILS,
  gains: columns(({ gains }) => gains),
  left: columns(({ left }) => left),
}
process.stdout.write(`${JSON.stringify(table)}\n`)
