/**
 * Reading strace text: `node bench/strace/index.ts [megabytes]`, 200 unless said otherwise. Prints MB/s (10^6 bytes) of
 * the parser and of the whole way into Parquet, beside a byte scan in Node and regular expressions in perl and Python,
 * measured in turn in the same run; the figure is the ratio. Each measurement is a process of its own.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateStrace } from './generate.ts'

const megabytes = Number(process.argv[2] ?? 200)
const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
const file = join(directory, 'trace.strace')
const node = (task: string): readonly string[] => [
  process.execPath,
  join(import.meta.dirname, 'task.ts'),
  task,
  file,
  directory,
]
const LINE = String.raw`^(\d+) +(\d+\.\d+) (\w+)\((.*)\) += (-?\w+)(?: ([A-Z]+) \([^)]*\))?(?:<.*>)?(?: <([\d.]+)>)?$`
const PYTHON = `import re,sys
match = re.compile(rb'''${LINE}''').match
print(sum(1 for line in open(sys.argv[1], 'rb') if match(line)))`
const tasks = {
  'byte scan in Node': node('scan'),
  'perl regex': ['perl', '-ne', `$n++ if m{${LINE}}; END { print "$n\\n" }`, file],
  'Python regex': ['python3', '-c', PYTHON, file],
  parser: node('parse'),
  'into Parquet': node('parquet'),
  'into Parquet, raw kept': node('ingest'),
} as const

const ROUNDS = 3
try {
  const bytes = generateStrace(file, megabytes * 1e6)
  const seconds = new Map<string, number>()
  const memory = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, [program = '', ...args]] of Object.entries(tasks)) {
      const started = performance.now()
      const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
      if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
      // Node's tasks time themselves, without the start of Node and with warm code.
      const own =
        program === process.execPath ? (JSON.parse(stdout) as { seconds: number; rss: number }) : undefined
      const time = own?.seconds ?? (performance.now() - started) / 1000
      seconds.set(name, Math.min(seconds.get(name) ?? Infinity, time))
      if (own !== undefined) memory.set(name, Math.max(memory.get(name) ?? 0, own.rss))
    }
  }
  const speed = (name: string): number => bytes / 1e6 / (seconds.get(name) ?? Infinity)
  process.stdout.write(`${(bytes / 1e6).toFixed(0)} MB, best of ${ROUNDS}\n`)
  for (const name of Object.keys(tasks)) {
    const peers = ['byte scan in Node', 'perl regex', 'Python regex'] as const
    const ratios = peers.map((peer) => `${(speed(name) / speed(peer)).toFixed(2)} x ${peer}`).join(', ')
    const rss = memory.get(name)
    const peak = rss === undefined ? '' : `, ${(rss / 1e6).toFixed(0)} MB resident at most`
    process.stdout.write(`${name.padEnd(22)} ${speed(name).toFixed(0).padStart(5)} MB/s  ${ratios}${peak}\n`)
  }
} finally {
  rmSync(directory, { recursive: true })
}
