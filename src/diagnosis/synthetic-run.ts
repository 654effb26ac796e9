/** Runs made up for tests: evidence written by the real writer and read by the real queries, with a record to match. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEvidence, type Evidence } from '../evidence/query.ts'
import { openEvidenceWriter, type EvidenceWriter } from '../evidence/writer.ts'
import { systemClock } from '../base/clock.ts'
import type {
  CaptureRecord,
  CaptureRole,
  ProbeRecord,
  RungRecord,
  RunRecord,
  SymptomRecord,
  Target,
} from '../model/run.ts'
import type { RowSink } from '../plugin/evidence.ts'
import type { Tier } from '../model/tier.ts'

export const NODE = 'server/0'
/** Start of every made-up run, ns since the epoch. */
const START = 1_800_000_000_000_000_000n

/** ns since the epoch, `seconds` after the start. */
export const at = (seconds: number): bigint => START + BigInt(Math.round(seconds * 1e9))

export interface RungSketch {
  readonly collector: string
  readonly tier: Tier
  readonly seconds: number
  readonly cures?: boolean
}

/** Writes a run piece by piece; `open` gives what `diagnose` takes. */
export class SyntheticRun implements AsyncDisposable {
  readonly directory: string
  readonly #writer: EvidenceWriter
  readonly #captures: CaptureRecord[] = []
  readonly #symptoms: SymptomRecord[] = []
  readonly #probes: ProbeRecord[] = []
  readonly #seconds: number
  #nodes: RunRecord['nodes'] = [{ name: NODE, group: 'server', ordinal: 0, clockOffsetNs: 0 }]
  /** Under this name rows are written unless another is given. */
  #host = NODE
  #evidence: Evidence | undefined

  private constructor(directory: string, seconds: number) {
    this.directory = directory
    this.#seconds = seconds
    this.#writer = openEvidenceWriter(directory, { clock: systemClock() })
  }

  static async begin(seconds: number): Promise<SyntheticRun> {
    return new SyntheticRun(await mkdtemp(join(tmpdir(), 'quarry-synthetic-')), seconds)
  }

  /** Makes it a run of so many nodes that are networks of one host. */
  shareHost(count: number): void {
    this.#host = 'localhost'
    this.#nodes = Array.from({ length: count }, (_, ordinal) => ({
      name: `server/${ordinal}`,
      group: 'server',
      ordinal,
      clockOffsetNs: 0,
      host: 'localhost',
    }))
  }

  /** One series, a value each second. */
  samples(
    metric: string,
    labels: Readonly<Record<string, string>>,
    value: (second: number) => number,
    node?: string,
  ): void {
    const sink = this.sink('sampler', '', node)
    for (let second = 0; second < this.#seconds; second++)
      sink.add('samples', { ts: at(second), metric, labels: JSON.stringify(labels), value: value(second) })
  }

  /** One probe; `attempt` says how long it took in ns, or null when it failed after its timeout of a second. */
  probe(
    name: string,
    subject: ProbeRecord['subject'],
    kind: string,
    attempt: (second: number) => number | null,
    everySeconds = 1,
  ): void {
    const target =
      subject.type === 'command' ? subject.command : subject.type === 'file' ? subject.path : subject.address
    this.#probes.push({
      name,
      kind,
      group: 'server',
      target,
      subject,
      everyMs: everySeconds * 1000,
      timeoutMs: 1000,
    })
    const sink = this.sink('probe', '')
    for (let second = 0; second < this.#seconds; second += everySeconds) {
      const took = attempt(second)
      sink.add('probes', {
        ts: at(second + (took ?? 1e9) / 1e9),
        probe: name,
        kind,
        target,
        success: took !== null,
        duration_ns: Math.round(took ?? 1e9),
        error: took === null ? 'timed out' : '',
        stage: took === null ? 'receive' : 'done',
      })
    }
  }

  symptom(
    name: string,
    from: number,
    to: number | null,
    probes: readonly string[],
    curedBy: string | null = null,
    when = `probe_success{probe=~"${probes.join('|')}"} == 0`,
  ): void {
    this.#symptoms.push({
      name,
      when,
      from: String(at(from)),
      to: to === null ? null : String(at(to)),
      expected: false,
      series: [],
      probes,
      curedBy,
    })
  }

  /** A climb of the ladder; `write` adds its evidence. */
  capture(
    role: CaptureRole,
    from: number,
    targets: readonly Omit<Target, 'node' | 'commandLine' | 'why'>[],
    rungs: readonly RungSketch[],
    write: (sink: (collector: string, node?: string) => RowSink) => void,
  ): void {
    const id = `${role}-${this.#captures.filter((capture) => capture.role === role).length + 1}`
    let now = from
    const sick = role === 'sick'
    const records = rungs.map((rung): RungRecord => {
      const began = now
      now += rung.seconds
      return {
        collector: rung.collector,
        tier: rung.tier,
        node: this.#host,
        from: String(at(began)),
        to: String(at(now)),
        status: 'ok',
        rows: 1,
        badLines: 0,
        costCpuNs: 0,
        symptomBefore: sick ? true : null,
        symptomAfter: sick ? rung.cures !== true : null,
        raw: [],
      }
    })
    this.#captures.push({
      id,
      role,
      symptom: role === 'reference' ? null : (this.#symptoms[0]?.name ?? null),
      from: String(at(from)),
      to: String(at(now)),
      targets: targets.map((target) => ({
        ...target,
        node: this.#host,
        commandLine: target.comm,
        why: 'behind the probe',
      })),
      rungs: records,
    })
    write((collector, node) => this.sink(collector, id, node))
  }

  sink(collector: string, capture: string, node = this.#host): RowSink {
    return this.#writer.sink({ node, collector, capture })
  }

  async open(): Promise<{ record: RunRecord; evidence: Evidence; precedents: [] }> {
    await this.#writer.flush()
    this.#evidence = await openEvidence(this.directory)
    return { record: this.#record(), evidence: this.#evidence, precedents: [] }
  }

  #record(): RunRecord {
    const end = String(at(this.#seconds))
    return {
      version: 1,
      id: 'synthetic',
      definition: 'synthetic.yaml',
      parameters: {},
      state: 'ended',
      states: [
        { state: 'running', at: String(START) },
        { state: 'tearing-down', at: end },
      ],
      verdict: this.#symptoms.length > 0 ? 'fail' : 'pass',
      failedDuring: null,
      errors: [],
      partial: false,
      nodes: this.#nodes,
      phases: [{ name: 'load', from: String(START), to: end, ok: true }],
      probes: this.#probes,
      symptoms: this.#symptoms,
      captures: this.#captures,
      checks: [],
      notLookedAt: [],
      cost: { observerCpuNs: 0, wallNs: 0 },
      host: 'synthetic',
      quarry: '0.0.0',
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#evidence?.[Symbol.asyncDispose]()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** Reproducible pseudo-random numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Standard normal numbers (Box and Muller). */
export function normal(seed: number): () => number {
  const uniform = random(seed)
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}
