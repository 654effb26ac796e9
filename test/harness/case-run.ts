/** A run directory as a small hunt would leave it: ten seconds healthy, twenty sick, with evidence behind each finding. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEvidenceWriter } from '../../src/evidence/writer.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { CaptureRecord, RunRecord, RunResult, RungRecord } from '../../src/model/run.ts'

const START = 1_700_000_000_000_000_000n
const at = (seconds: number): bigint => START + BigInt(Math.round(seconds * 1e9))
const nanos = (seconds: number): string => String(at(seconds))

export interface CaseRunOptions {
  /** Put into every text that a system under test could choose. */
  readonly name?: string
  readonly attempts?: number
  readonly stacks?: number
  readonly findings?: number
}

/** Writes the run into a new directory below the temporary one, and gives its path. */
export async function writeCaseRun(options: CaseRunOptions = {}): Promise<string> {
  const { name = 'worker', attempts = 60, stacks = 4, findings = 4 } = options
  const directory = await mkdtemp(join(tmpdir(), 'quarry-case-'))
  {
    await using writer = openEvidenceWriter(directory, { clock: { now: () => START, nowMs: () => 0 } })
    const sink = (collector: string, capture = '') => writer.sink({ node: 'server/0', collector, capture })
    for (let index = 0; index < attempts; index++) {
      const second = (index * 30) / attempts
      const success = second < 10
      const duration_ns = success ? 2_000_000n : 500_000_000n
      const row = { ts: at(second), probe: 'web', kind: 'http', target: name, success, duration_ns }
      sink('http').add('probes', { ...row, error: success ? '' : name, stage: 'receive' })
    }
    for (let second = 0; second < 30; second++) {
      // A series that falls silent for a while.
      if (second > 14 && second < 20) continue
      const sample = { ts: at(second), labels: JSON.stringify({ probe: 'web' }) }
      sink('http').add('samples', {
        ...sample,
        metric: 'probe_duration_seconds',
        value: second < 10 ? 0.002 : 0.5,
      })
      sink('memory').add('samples', { ...sample, metric: 'memory_bytes', value: 2 ** 20 * (1 + second) })
    }
    for (const [capture, leaf] of [
      ['reference-1', 'read'],
      ['sick-1', 'spin'],
    ] as const) {
      for (let index = 0; index < stacks; index++) {
        const frames = [leaf, `${name}-${index}`, 'do_syscall_64', 'main']
        const stack = { ts: at(5), pid: 7, tid: 7, comm: name, state: 'on-cpu', event: 'cpu-clock', frames }
        sink('perf', capture).add('stacks', {
          ...stack,
          kernel_frames: 3,
          weight: 1 + index,
          unit: 'samples',
        })
      }
    }
    sink('facts', 'sick-1').add('facts', { ts: at(12), key: 'kernel.release', value: '6.1.0' })
    sink('facts', 'sick-1').add('facts', { ts: at(12), key: 'process.name', value: name })
  }
  const record = recordOf(name)
  const shown = Array.from({ length: findings }, (_, index) => findingOf(index, name))
  await writeFile(join(directory, 'run.json'), JSON.stringify(record))
  await writeFile(join(directory, 'findings.json'), JSON.stringify(resultOf(record, shown, name)))
  return directory
}

const rung = (collector: string, from: number, more: Partial<RungRecord> = {}): RungRecord => ({
  collector,
  tier: 'read',
  node: 'server/0',
  from: nanos(from),
  to: nanos(from + 1),
  status: 'ok',
  rows: 12,
  badLines: 0,
  costCpuNs: 2_000_000,
  symptomBefore: null,
  symptomAfter: null,
  raw: [],
  ...more,
})

function recordOf(name: string): RunRecord {
  const target = {
    node: 'server/0',
    pid: 7,
    comm: name,
    commandLine: name,
    why: 'serves what probe web tries',
  }
  const capture = (id: string, role: CaptureRecord['role'], from: number, rungs: RungRecord[]) => ({
    id,
    role,
    symptom: role === 'sick' ? 'slow' : null,
    from: nanos(from),
    to: nanos(from + rungs.length),
    targets: [target],
    rungs,
  })
  return {
    version: 1,
    id: 'run-1',
    definition: 'examples/web.yaml',
    description: `Does ${name} answer?`,
    parameters: { name },
    state: 'ended',
    states: [
      { state: 'created', at: nanos(0) },
      { state: 'running', at: nanos(0) },
      { state: 'tearing-down', at: nanos(30) },
      { state: 'ended', at: nanos(31) },
    ],
    verdict: 'fail',
    failedDuring: 'running',
    errors: [],
    partial: false,
    nodes: [{ name: 'server/0', group: 'server', ordinal: 0, clockOffsetNs: 0 }],
    phases: [{ name: '1 serve', from: nanos(0), to: nanos(30), ok: true }],
    probes: [
      {
        name: 'web',
        kind: 'http',
        group: 'server',
        target: 'http://127.0.0.1:8080/',
        subject: { type: 'socket', protocol: 'tcp', address: '127.0.0.1:8080' },
        everyMs: 500,
        timeoutMs: 500,
      },
    ],
    symptoms: [
      {
        name: 'slow',
        when: 'probe_duration_seconds{probe="web"} > 0.1',
        from: nanos(10),
        to: null,
        expected: false,
        series: [],
        probes: ['web'],
        curedBy: 'gdb',
      },
    ],
    captures: [
      capture('reference-1', 'reference', 4, [rung('sockets', 4), rung('perf', 5, { tier: 'sample' })]),
      capture('sick-1', 'sick', 12, [
        rung('sockets', 12, { symptomBefore: true, symptomAfter: true }),
        rung('strace', 13, { tier: 'stop', status: 'failed', why: name, symptomAfter: true }),
        rung('gdb', 14, { tier: 'stop', symptomBefore: true, symptomAfter: false, costCpuNs: 90_000_000 }),
      ]),
    ],
    checks: [
      { name: 'no-symptom', checker: 'no-symptom', verdict: 'fail', message: 'symptom slow showed' },
      { name: 'nofail', checker: 'nofail', verdict: 'pass', message: 'no operation failed' },
    ],
    notLookedAt: [{ collector: 'strace', node: 'server/0', why: name, remedy: 'apt-get install -y strace' }],
    cost: { observerCpuNs: 300_000_000, wallNs: 30_000_000_000 },
    host: 'host',
    quarry: '0.1.0',
  }
}

const MEMORY = "SELECT ts, value FROM samples WHERE metric = 'memory_bytes' ORDER BY ts"
const ATTEMPTS = 'SELECT success::VARCHAR AS label, count(*) AS value FROM probes GROUP BY ALL ORDER BY ALL'

function findingOf(index: number, name: string): Finding {
  const common = { rank: index + 1, layer: 'process', confident: index !== 3, confidence: 0.99 } as const
  const statement = `${name} is part of finding ${index + 1}.`
  const subject = { comm: name }
  const id = `finding-${index + 1}`
  if (index === 0) {
    const effect = { value: 1, unit: 'share', reference: 0 }
    const chart = { type: 'flame', title: 'Where it spends its time', comm: name } as const
    const sql = 'SELECT comm, sum(weight) AS weight FROM stacks GROUP BY comm'
    return { ...common, id, kind: 'difference', subject, statement, effect, sql, chart }
  }
  if (index === 2) {
    const chart = { type: 'bars', title: 'Attempts', unit: '', sql: ATTEMPTS } as const
    const effect = { value: 40, unit: 'attempts' }
    return { ...common, id, kind: 'attribution', subject, statement, effect, sql: ATTEMPTS, chart }
  }
  const chart = { type: 'lines', title: 'memory_bytes', unit: 'bytes', sql: MEMORY } as const
  const effect = { value: 30 * 2 ** 20, unit: 'bytes', reference: 2 ** 20, ratio: 30 }
  return { ...common, id, kind: 'trend', subject, statement, effect, sql: MEMORY, chart }
}

const resultOf = (record: RunRecord, findings: readonly Finding[], name: string): RunResult => ({
  verdict: 'fail',
  run: record.id,
  directory: '/runs/run-1',
  answer: `Symptom slow showed after 10s. ${name} spins; gdb cured it.`,
  symptoms: record.symptoms.map(({ name: symptom, from, to, curedBy }) => ({
    name: symptom,
    from,
    to,
    curedBy,
  })),
  findings,
  checks: record.checks,
  notLookedAt: record.notLookedAt,
})
