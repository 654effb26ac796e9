/**
 * What the engine itself takes for a module: 100 phases of 10 modules that do nothing, less a run with one of them, both
 * from entering `running` to leaving it, in turn; against the limit of 1 ms.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROUNDS = 7
const [PHASES, MODULES] = [100, 10]
const LIMIT_MS = 1
const launcher = join(import.meta.dirname, '../quarry')
const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))

interface Record {
  readonly states: readonly { readonly state: string; readonly at: string }[]
}

/** Milliseconds that the workload took. */
function timeOf(name: string, phases: number, modules: number): number {
  const file = join(directory, `${name}.yaml`)
  const steps = (phase: number): string =>
    Array.from({ length: modules }, (_, module) => `m${phase}-${module}: {module: noop}`).join(', ')
  const list = Array.from({ length: phases }, (_, phase) => `    - {${steps(phase)}}`)
  writeFileSync(file, `workload:\n  phases:\n${list.join('\n')}\n`)
  const runs = join(directory, 'runs')
  const env = { ...process.env, QUARRY_RUNS: runs, XDG_STATE_HOME: join(directory, 'state') }
  const { status } = spawnSync(launcher, ['run', file], { env })
  if (status !== 0) throw new Error(`${name} exited with ${status}`)
  const [run = ''] = readdirSync(runs)
  const { states } = JSON.parse(readFileSync(join(runs, run, 'run.json'), 'utf8')) as Record
  const began = states.findIndex(({ state }) => state === 'running')
  rmSync(runs, { recursive: true })
  return Number(BigInt(states[began + 1]?.at ?? 0) - BigInt(states[began]?.at ?? 0)) / 1e6
}

const perModule: number[] = []
for (let round = 0; round <= ROUNDS; round += 1) {
  const time = (timeOf('many', PHASES, MODULES) - timeOf('one', 1, 1)) / (PHASES * MODULES - 1)
  if (round > 0) perModule.push(time)
}
rmSync(directory, { recursive: true })

const median = perModule.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
process.stdout.write(
  `${median.toFixed(3)} ms a module, ${(median / LIMIT_MS).toFixed(2)} x the limit of ${LIMIT_MS} ms\n`,
)
