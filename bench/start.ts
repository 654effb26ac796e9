/** How long a start of Quarry and a run that does nothing take, against a start of Node that does nothing: medians of the same run, in turn. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROUNDS = 15
const launcher = join(import.meta.dirname, '../quarry')
const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
const definition = join(directory, 'noop.yaml')
writeFileSync(definition, 'workload: {phases: [{nothing: {module: noop}}]}\n')
const env = { ...process.env, QUARRY_RUNS: join(directory, 'runs'), XDG_STATE_HOME: join(directory, 'state') }
const commands = {
  'node -e 0': [process.execPath, '-e', '0'],
  'quarry --version': [launcher, '--version'],
  'quarry --help': [launcher, '--help'],
  // Its module takes no time: all of it is Quarry's own.
  'quarry run noop': [launcher, 'run', definition],
} as const

const times = new Map<string, number[]>()
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, [program, ...args]] of Object.entries(commands)) {
    const started = performance.now()
    const { status } = spawnSync(program, args, { env })
    if (status !== 0) throw new Error(`${name} exited with ${status}`)
    // The first round warms the caches.
    if (round > 0) times.set(name, [...(times.get(name) ?? []), performance.now() - started])
  }
}

rmSync(directory, { recursive: true })

const median = (name: string): number => times.get(name)?.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
const peer = median('node -e 0')
for (const name of times.keys()) {
  const time = median(name)
  process.stdout.write(
    `${name.padEnd(18)} ${time.toFixed(0).padStart(5)} ms  ${(time / peer).toFixed(1)} x node -e 0\n`,
  )
}
