/** Runs every check one after another, and ends with one line that counts: `N passed, N failed`. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { formatDuration } from '../src/base/duration.ts'

interface Check {
  readonly title: string
  readonly command: readonly string[]
  /** Shown as it comes; otherwise only the output of a failure is. */
  readonly live?: true
  /** What is said and the tests go on, if it fails. */
  readonly warning?: string
}

const root = join(import.meta.dirname, '..')
const results = mkdtempSync(join(tmpdir(), 'quarry-test-'))
const node = process.execPath

const checks: readonly Check[] = [
  {
    title: 'tools and programs that the tests need',
    command: ['./quarry', 'doctor', '--install', '--for-tests'],
    warning: 'something is missing, see above: tests that need it will fail',
  },
  { title: 'types (tsc)', command: ['tsc', '-p', '.'] },
  { title: 'lint (oxlint)', command: ['oxlint'] },
  { title: 'format (oxfmt)', command: ['oxfmt', '--check', '.'] },
  { title: 'arrows between folders', command: [node, 'tools/check-imports.ts'] },
  { title: 'generated reference is up to date', command: [node, 'tools/gen-docs.ts', '--check'] },
  {
    title: 'tests (vitest)',
    command: [
      'vitest',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${join(results, 'vitest.json')}`,
      ...process.argv.slice(2),
    ],
    live: true,
  },
]

/** Exit code, and all output unless it was shown as it came. */
function run({ command: [program = '', ...args], live }: Check): Promise<{ code: number; output: string }> {
  const PATH = `${dirname(node)}:${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, PATH },
      stdio: live === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (chunk: Buffer): void => void (output += chunk.toString())
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** What vitest counted; undefined when it did not come to its end. */
function counts(): { passed: number; failed: number; skipped: number } | undefined {
  try {
    const report = JSON.parse(readFileSync(join(results, 'vitest.json'), 'utf8'))
    const {
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: pending,
      numTodoTests: todo,
    } = report
    return { passed, failed, skipped: pending + todo }
  } catch {
    return undefined
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const broken: string[] = []
for (const check of checks) {
  const started = performance.now()
  if (check.live === true) say(`\n== ${check.title}`)
  const { code, output } = await run(check)
  const verdict = code === 0 ? 'ok     ' : check.warning === undefined ? 'FAILED ' : 'MISSING'
  if (code !== 0 && check.warning === undefined) broken.push(check.title)
  if (check.live === true) continue
  say(`${verdict} ${check.title} (${formatDuration(performance.now() - started)})`)
  if (code !== 0) say([output.trimEnd(), check.warning ?? ''].join('\n'))
}

const tests = counts() ?? { passed: 0, failed: 0, skipped: 0 }
// A check without tests of its own counts as one, and so does a vitest that failed in another way than by a test.
const others = broken.filter((title) => tests.failed === 0 || !title.includes('vitest')).length
if (broken.length > 0) say(`\nfailed: ${broken.join(', ')}`)
say(
  `${tests.passed} passed, ${tests.failed + others} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`,
)
rmSync(results, { recursive: true })
process.exitCode = broken.length > 0 ? 1 : 0
