/** How long a start of Quarry takes, against a start of Node that does nothing: medians of the same run, in turn. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROUNDS = 15
const launcher = join(import.meta.dirname, '../quarry')
const commands = {
  'node -e 0': [process.execPath, '-e', '0'],
  'quarry --version': [launcher, '--version'],
  'quarry --help': [launcher, '--help'],
} as const

const times = new Map<string, number[]>()
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, [program, ...args]] of Object.entries(commands)) {
    const started = performance.now()
    const { status } = spawnSync(program, args)
    if (status !== 0) throw new Error(`${name} exited with ${status}`)
    // The first round warms the caches.
    if (round > 0) times.set(name, [...(times.get(name) ?? []), performance.now() - started])
  }
}

const median = (name: string): number => times.get(name)?.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
const peer = median('node -e 0')
for (const name of times.keys()) {
  const time = median(name)
  process.stdout.write(
    `${name.padEnd(18)} ${time.toFixed(0).padStart(5)} ms  ${(time / peer).toFixed(1)} x node -e 0\n`,
  )
}
