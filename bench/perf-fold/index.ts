/**
 * Folding `perf script` output: `node bench/perf-fold/index.ts [--perl FILE] [--inferno FILE] [--input FILE] [megabytes]`.
 * Peers are stackcollapse-perf.pl of FlameGraph (on PATH, or its path) and inferno-collapse-perf of crates.io (`cargo
 * install inferno`) on one thread. Without an input, a real recording is repeated to 200 MB. Every result is compared
 * with the perl script's, line by line.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const FIXTURE = new URL('../../src/plugins/collectors/perf-on-cpu/fixtures/fields.txt', import.meta.url)
const ROUNDS = 3

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    perl: { type: 'string', default: 'stackcollapse-perf.pl' },
    inferno: { type: 'string', default: 'inferno-collapse-perf' },
    input: { type: 'string' },
  },
})
const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))

/** The recording again and again, with other addresses each time: what a real one of that size has. */
function generate(bytes: number): string {
  const file = join(directory, 'perf.txt')
  const text = readFileSync(FIXTURE, 'latin1')
  const output = openSync(file, 'w')
  for (let written = 0, copy = 0; written < bytes; copy++) {
    const offset = (copy % 500).toString(16).padStart(3, '0')
    written += writeSync(output, text.replaceAll(/\+0x[\da-f]+ /g, `+0x${offset} `), null, 'latin1')
  }
  closeSync(output)
  return file
}

const lines = (folded: string): string[] => folded.split('\n').toSorted()

try {
  const input = values.input ?? generate(Number(positionals[0] ?? 200) * 1e6)
  const megabytes = statSync(input).size / 1e6
  const commands: Readonly<Record<string, readonly string[]>> = {
    'stackcollapse-perf.pl': values.perl.includes('/') ? ['perl', values.perl, input] : [values.perl, input],
    'inferno-collapse-perf': [values.inferno, '-n', '1', input],
    quarry: [process.execPath, join(import.meta.dirname, 'task.ts'), input],
  }
  const seconds = new Map<string, number>()
  const results = new Map<string, string[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, [program = '', ...args]] of Object.entries(commands)) {
      const started = performance.now()
      const { status, error, stdout } = spawnSync(program, args, { encoding: 'latin1', maxBuffer: 1 << 30 })
      if (error !== undefined || status !== 0) {
        process.stderr.write(`${name}: not measured (${error?.message ?? `exit code ${status}`})\n`)
        continue
      }
      seconds.set(name, Math.min(seconds.get(name) ?? Infinity, (performance.now() - started) / 1000))
      results.set(name, lines(stdout))
    }
  }
  const reference = new Set(results.get('stackcollapse-perf.pl'))
  const ours = seconds.get('quarry') ?? Number.NaN
  process.stdout.write(`${megabytes.toFixed(0)} MB, best of ${ROUNDS}, start of the program included\n`)
  for (const [name, time] of seconds) {
    const other = (results.get(name) ?? []).filter((line) => !reference.has(line)).length
    const same = other === 0 ? 'same result' : `${other} lines differ`
    const speed = `${(megabytes / time).toFixed(0)} MB/s`
    process.stdout.write(
      `${name.padEnd(22)} ${speed.padStart(10)}  quarry is ${(time / ours).toFixed(2)} x  ${same}\n`,
    )
  }
} finally {
  rmSync(directory, { recursive: true })
}
