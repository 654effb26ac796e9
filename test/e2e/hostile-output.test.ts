/** Systems under test that print without end, in binary, in markup, and under names that no shell would survive. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startFixture } from '../harness/collect.ts'
import { openEvidence } from '../../src/evidence/query.ts'
import type { RunResult } from '../../src/model/run.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'
import { sickDefinition } from '../harness/sick-definition.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(() => place[Symbol.dispose]())

const MIB = 2 ** 20

test('modules and probes that print far too much: logs, memory and the run stay bounded', async () => {
  const file = place.write(
    'noisy.yaml',
    String.raw`
workload:
  phases:
    - lines: {module: bash, properties: {script: "yes 0123456789012345678901234567890123456789 | head -c 200000000"}}
      line: {module: bash, properties: {script: "head -c 100000000 /dev/zero | tr '\\0' x"}}
      binary: {module: bash, properties: {script: "head -c 5000000 /dev/urandom"}}
      markup: {module: bash, properties: {script: "printf '\\033[31m<script>alert(1)</script>\\033]0;title\\007\\n'; exit 3"}}
observe:
  every: 300ms
  samplers: [memory]
  probes: {endless: {command: "yes '<script>alert(2)</script>'", every: 1s, timeout: 1s}}
symptoms: {never: {when: 'probe_success{probe="endless"} > 1'}}
`,
  )
  const started = place.start('run', file, '--json')
  let peak = 0
  const watching = setInterval(() => (peak = Math.max(peak, residentPeak(started.pid))), 200)
  const ended = await started.done
  clearInterval(watching)
  const result = jsonOf<RunResult>(ended)
  expect([ended.exitCode, result.verdict]).toEqual([0, 'pass'])
  expect(peak / MIB).toBeLessThan(1000)
  const logs = join(result.directory, 'logs')
  for (const name of readdirSync(logs)) {
    expect(statSync(join(logs, name)).size).toBeLessThan(65 * MIB)
    if (name !== 'lines.log') continue
    expect(readFileSync(join(logs, name), 'utf8').slice(-100)).toContain('... cut here')
  }
  expect(ended.stderr + ended.stdout).not.toContain('\u001b')
  expect(readFileSync(join(result.directory, 'case.html'), 'utf8')).not.toContain('<script>alert')
})

test('a name with quotes, newlines, markup and escapes is shown, and does nothing', async () => {
  const program = join(place.path, "ho'st $(touch owned) ile")
  const source = new URL('../fixtures/bin/hostile.c', import.meta.url).pathname
  execFileSync('gcc', ['-o', program, source])
  await using hostile = await startFixture([program, '<script>alert(3)</script>', 'a\nb'])
  const ladder = '[threads, files, sockets, perf-off-cpu, bpf-call-latency, strace, sigstop, gdb]'
  const file = place.write('sick.yaml', sickDefinition({ ladder, evidence: 'targets: ["alert.3."]' }))
  const ended = await place.quarry('run', file, '--json')
  const { directory, verdict } = jsonOf<RunResult>(ended)
  expect(verdict).toBe('fail')
  const capture = place.records()[0]?.captures[0]
  expect(capture?.targets).toMatchObject([{ pid: hostile.pid, comm: `a"b'\n<b>\u001b[31m` }])
  expect(capture?.rungs.filter(({ status }) => status !== 'ok')).toEqual([])
  expect(ended.stderr).not.toContain('\u001b')
  for (const name of ['case.html', 'case.md']) {
    expect(readFileSync(join(directory, name), 'utf8')).not.toMatch(/<script>alert|<b>\u001b/)
  }
  await using evidence = await openEvidence(directory)
  const rows = await evidence.rows(`SELECT DISTINCT comm FROM threads WHERE pid = ${hostile.pid}`)
  expect(rows).toEqual([{ comm: `a"b'\n<b>\u001b[31m` }])
  expect(readdirSync(place.path)).not.toContain('owned')
})

/** Most memory that a process had in RAM, bytes; 0 when it is gone. */
function residentPeak(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0
  }
}
