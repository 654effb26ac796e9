/** Runs one collector for real on this host and gives its rows, without a run around it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { ingest } from '../../src/evidence/ingest.ts'
import type { Target } from '../../src/model/run.ts'
import type { Row, TableName } from '../../src/model/tables.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { openLedger } from '../../src/node/ledger.ts'
import { localNode } from '../../src/node/local.ts'
import type { CollectContext, CollectorPlugin, ProbeCommand } from '../../src/plugin/collector.ts'
import type { Definable } from '../../src/plugin/define.ts'

export interface Collected {
  rows<T extends TableName>(table: T): Row<T>[]
  readonly notes: readonly string[]
  /** Lines that parsers did not understand. */
  readonly badLines: number
  /** Text of the undo ledger at the end, and what could not be undone. */
  readonly ledger: string
  readonly notUndone: readonly string[]
}

export interface CollectOptions {
  readonly properties?: unknown
  readonly targets?: readonly number[]
  readonly commands?: readonly ProbeCommand[]
  readonly windowMs?: number
  readonly signal?: AbortSignal
  /** Called when the collector has been started; the signal aborts when it has ended. */
  readonly during?: (over: AbortSignal) => Promise<void> | void
}

/** Climbs one rung. Rejects as the collector does, after everything in the ledger is undone; or because it left processes. */
export async function collect(
  collector: CollectorPlugin & Definable<unknown>,
  options: CollectOptions = {},
): Promise<Collected> {
  const directory = await mkdtemp(join(tmpdir(), 'quarry-collect-'))
  const run = `collect-${process.pid}-${Math.random().toString(36).slice(2)}`
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => {
    await rm(directory, { recursive: true, force: true })
    const left = markedProcesses(run).map(({ pid }) => pid)
    if (left.length > 0) throw new Error(`${collector.id} left processes behind: ${left.join(', ')}`)
  })
  const scratch = join(directory, 'scratch')
  await mkdir(scratch)
  const node = localNode({ run, group: 'server', ordinal: 0, scratch })
  const notUndone: string[] = []
  const ledgerFile = join(directory, 'undo.jsonl')
  const added: { table: TableName; row: object }[] = []
  const notes: string[] = []
  let badLines = 0
  const signal = options.signal ?? new AbortController().signal
  const context = (ledger: CollectContext['ledger']): CollectContext => ({
    node,
    targets: (options.targets ?? []).map((pid) => targetOf(pid, node.name)),
    commands: options.commands ?? [],
    windowMs: options.windowMs ?? 1500,
    clock: systemClock(),
    rows: { add: (table, row) => void added.push({ table, row: { ...row } }) },
    ingest: async (name, output, parser) => {
      const stats = await ingest(output, { rawFile: join(directory, 'raw', `${name}.zst`), parser, signal })
      badLines += stats.bad
      return stats
    },
    ledger,
    note: (sentence) => void notes.push(sentence),
    signal,
  })
  {
    await using ledger = openLedger(ledgerFile, run, (sentence) => void notUndone.push(sentence))
    const properties = collector.properties.parse(options.properties ?? {})
    const over = new AbortController()
    const collecting = collector.collect(context(ledger), properties).finally(() => over.abort())
    await Promise.all([collecting, options.during?.(over.signal)])
  }
  return {
    // The table names which rows they are: `add` takes no others.
    rows: <T extends TableName>(table: T) =>
      added.filter((entry) => entry.table === table).map((entry) => entry.row as Row<T>),
    notes,
    badLines,
    ledger: readFileSync(ledgerFile, 'utf8'),
    notUndone,
  }
}

function targetOf(pid: number, node: string): Target {
  const text = (file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return ''
    }
  }
  const commandLine = text('cmdline').replaceAll('\0', ' ').trim()
  return { node, pid, comm: text('comm').trim(), commandLine, why: 'the test says so' }
}

/** A program under test, killed when it is disposed; resolves when it has printed its first line. */
export async function startFixture(
  command: readonly string[],
): Promise<{ readonly pid: number; readonly child: ChildProcess } & AsyncDisposable> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.stdout.resume()
  const { pid } = child
  if (pid === undefined) throw new Error(`${program} did not start`)
  return {
    pid,
    child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
