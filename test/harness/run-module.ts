/** Runs one module for real on this host and gives what it did, without a run around it. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderText } from '../../src/definition/render-text.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { Lifetime } from '../../src/model/definition.ts'
import { undo } from '../../src/node/effects.ts'
import { openLedger } from '../../src/node/ledger.ts'
import { localNode } from '../../src/node/local.ts'
import type { Definable } from '../../src/plugin/define.ts'
import type { ClientOperation } from '../../src/plugin/checker.ts'
import type { MetricValue, ModulePlugin } from '../../src/plugin/module.ts'

/** What a client did, and when by the clock of the run, ns. */
export interface TimedOperation {
  readonly ts: bigint
  readonly kind: string
  readonly value: ClientOperation
}

export interface ModuleRun {
  /** Such as `invoke`, `ok`, each with its value. */
  readonly operations: readonly (readonly [kind: string, value: unknown])[]
  readonly log: readonly string[]
  /** What clients of a load did, in the order in which it was told. */
  readonly clientOperations: readonly TimedOperation[]
  readonly metrics: readonly MetricValue[]
  /** Text of a file among the artifacts of the first node. */
  artifact(name: string): Promise<string>
  /** What the module rejected with. */
  readonly error: unknown
}

export interface ModuleOptions {
  readonly nodes?: number
  readonly lifetime?: Lifetime
  readonly signal?: AbortSignal
  readonly endOfPhase?: AbortSignal
  /** Told of each operation, before the module goes on. */
  readonly onOperation?: (kind: string) => void
  /** Told of each line of the log. */
  readonly onLog?: (line: string) => void
}

/** Names of the modules are `it`. Processes that it leaves in the background are killed, files removed, on disposal. */
export async function runModule(
  module: ModulePlugin & Definable<unknown>,
  properties: unknown,
  { nodes: count = 1, lifetime = 'run_once', onOperation, onLog, ...signals }: ModuleOptions = {},
): Promise<ModuleRun & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'quarry-module-'))
  const run = `module-${process.pid}-${Math.random().toString(36).slice(2)}`
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, ordinal) => {
      const scratch = join(directory, String(ordinal))
      await mkdir(scratch)
      return localNode({ run, group: 'server', ordinal, scratch })
    }),
  )
  const ledger = openLedger(join(directory, 'undo.jsonl'), run, (sentence) => log.push(sentence))
  const operations: [string, unknown][] = []
  const log: string[] = []
  const clientOperations: TimedOperation[] = []
  const metrics: MetricValue[] = []
  let failure: unknown
  try {
    await module.run(
      {
        name: 'it',
        nodes,
        group: () => nodes,
        environment: (node) => ({ QUARRY_NODE_ORDINAL: String(node.ordinal) }),
        operation: (kind, value) => {
          operations.push([kind, value])
          onOperation?.(kind)
        },
        clientOperation: (kind, value, ts) => clientOperations.push({ ts, kind, value }),
        metrics: (_node, values) => metrics.push(...values),
        clock: systemClock(),
        log: (line) => {
          log.push(line)
          onLog?.(line)
        },
        artifacts: (node) => node.scratch,
        providers: (node) => node.providers ?? {},
        render: renderText,
        level: () => 'STARTED_SERVICES_RUNNING',
        transition: async () => {},
        ledger,
        ledgerOf: () => ledger,
        lifetime,
        endOfPhase: signals.endOfPhase ?? new AbortController().signal,
        signal: signals.signal ?? new AbortController().signal,
      },
      module.properties.parse(properties),
    )
  } catch (error) {
    failure = error
  }
  return {
    operations,
    clientOperations,
    metrics,
    log,
    error: failure,
    artifact: (name) => readFile(join(directory, '0', name), 'utf8'),
    async [Symbol.asyncDispose]() {
      await undo({ type: 'processes', run }, run)
      await ledger[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
