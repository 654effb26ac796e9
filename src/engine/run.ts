/**
 * One run, as a sentence: make its directory, provision, observe, conduct the workload and watch for symptoms, tear
 * down, check, diagnose, report.
 *
 * What each step leaves behind is in the run directory as soon as it is known, so that a run that dies in the middle
 * is a run with less evidence, not a lost one. An error in one step never hides that of an earlier one, and the steps
 * after the workload are always taken.
 */
import { dirname, resolve } from 'node:path'
import { abortReason, whenAborted, withTimeout } from '../base/abort.ts'
import { systemClock } from '../base/clock.ts'
import { formatDuration } from '../base/duration.ts'
import { EnvironmentError, messageOf } from '../base/errors.ts'
import { answerOf } from '../diagnosis/answer.ts'
import { openEvidenceWriter } from '../evidence/writer.ts'
import { lookbackOf, parsePromql } from '../evidence/promql/index.ts'
import type { Definition } from '../model/definition.ts'
import type { Finding } from '../model/finding.ts'
import type { RunRecord, RunResult } from '../model/run.ts'
import { mergeVerdicts } from '../model/verdict.ts'
import { openLedger } from '../node/ledger.ts'
import type { OwnedLedger } from '../node/ledger.ts'
import { makeFile } from '../plugin/file-spec.ts'
import type { Node } from '../plugin/node.ts'
import type { Registry } from '../plugin/registry.ts'
import { createRunDirectory, latestRun, newRunId } from '../store/run-directory.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import { checkArtifacts } from './check-artifacts.ts'
import { check } from './check.ts'
import { conduct } from './conduct.ts'
import { diagnoseRun } from './diagnose-run.ts'
import { recordDeaths } from './deaths.ts'
import { createEnsemble } from './ensemble.ts'
import { falloutHistory } from './fallout-history.ts'
import { openHistory } from './history.ts'
import { openJournal } from './journal.ts'
import type { Journal } from './journal.ts'
import { managedFiles } from './references.ts'
import { openLogs } from './logs.ts'
import { observe } from './observe.ts'
import { importPassingRun } from './passing-run.ts'
import { runPhases } from './phases.ts'
import type { Progress } from './progress.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import type { Symptom } from './symptom-state.ts'

export interface RunOptions {
  readonly registry: Registry
  /** Directory that the run directory is made in. */
  readonly root: string
  readonly progress: Progress
  /** Aborts the run, with a sentence; what was gathered so far is kept, diagnosed and reported. */
  readonly signal: AbortSignal
  /**
   * `watch`: the workload is the world, the run ends when it is aborted or a symptom stops it, and an abort is no error.
   */
  readonly watch: boolean
  /** Values of `<<secret:name>>` by name; they are written nowhere. */
  readonly secrets: Readonly<Record<string, string>>
  /** Climbs the ladder once, at the beginning, whether there is a symptom or not. */
  readonly capture: boolean
  /** Writes the case file of a run that has ended. */
  readonly report: (directory: string) => Promise<void>
  /** Writes a performance report of histogram logs below a directory, and gives the names of its series. */
  readonly performance: (source: { name: string; directory: string }, prefix: string) => Promise<string[]>
}

/** Executes a definition. Rejects only when not even the run directory could be made. */
export async function run(definition: Definition, options: RunOptions): Promise<RunResult> {
  const clock = systemClock()
  const began = clock.now()
  const aborted = new AbortController()
  const refused = (error: Error): void => aborted.abort(error)
  const secrets = createSecrets(options.secrets)
  const id = newRunId(definition.file, new Date())
  const directory = await createRunDirectory(options.root, id, refused, (text) => secrets.mask(text))
  const journal = openJournal(directory, definition, clock, options.progress)
  directory.write('definition.yaml', definition.text.source)
  directory.write('expanded.yaml', definition.text.expanded)
  const ledger = openLedger(directory.file('undo.jsonl'), directory.id, (text) =>
    journal.error(new Error(text)),
  )
  await directory.register()
  const expectedMs = await expectedDuration(definition, options.root)
  journal.progress({ type: 'run', id: directory.id, directory: directory.path, expectedMs })

  await work(definition, options, { directory, journal, ledger, secrets, aborted })

  const { user, system } = process.cpuUsage()
  const cost = { observerCpuNs: (user + system) * 1000, wallNs: Number(clock.now() - began) }
  const verdict = mergeVerdicts(journal.record.checks.map((one) => one.verdict))
  journal.update({ cost, verdict })
  journal.enter('diagnosing')
  const findings = await diagnoseRun(directory.path, journal.record).catch((error: unknown): Finding[] => {
    journal.error(error)
    journal.update({ verdict: mergeVerdicts([verdict, 'unknown']) })
    return []
  })
  journal.enter('ended')
  const result = resultOf(journal.record, directory.path, findings)
  directory.write('findings.json', `${JSON.stringify(result, null, 2)}\n`)
  directory.release()
  await options.report(directory.path).catch((error: unknown) => journal.error(error))
  await directory.close()
  return result
}

interface Workplace {
  readonly directory: RunDirectory
  readonly journal: Journal
  readonly ledger: OwnedLedger
  readonly secrets: Secrets
  /** Aborts the run from inside, for a failure after which going on makes no sense, such as a full disk. */
  readonly aborted: AbortController
}

/** From provisioning to the checks; never rejects. */
async function work(
  definition: Definition,
  options: RunOptions,
  { directory, journal, ledger, secrets, aborted }: Workplace,
): Promise<void> {
  const { registry } = options
  const limit = definition.timeoutMs
  using time = withTimeout(
    AbortSignal.any([options.signal, aborted.signal]),
    limit,
    `the run exceeded its timeout of ${formatDuration(limit)}`,
  )
  const { signal } = time
  // A watch and a hold are ended by their user, which is no error; everything else is said, once.
  const blame = (error: unknown): void => {
    const asked = options.signal.aborted && (options.watch || journal.record.state === 'holding')
    const said = journal.record.errors.some(({ message }) => message === messageOf(error))
    if (!asked && !said) journal.error(error)
  }
  const blameAll = (error: unknown): void => {
    if (signal.aborted) blame(abortReason(signal))
    for (const cause of causesOf(error)) blame(cause)
  }
  let symptoms: readonly Symptom[] = []
  const writer = openEvidenceWriter(directory.path, { clock: journal.clock })
  const own = (collector: string) => writer.sink({ node: '', collector, capture: '' })
  journal.attach(own('engine'))
  const history = openHistory(directory, journal.clock, own('engine'), secrets)
  const abort = (reason: Error): void => aborted.abort(reason)
  using logs = openLogs(directory, abort)
  const log = (name: string, line: string): void => logs.write(name, secrets.mask(line))
  const note = (text: string): void => {
    journal.event('note', 'ensemble', text)
    journal.progress({ type: 'note', text })
  }
  const stopping = new AbortController()
  const deaths = recordDeaths()
  const onLost = (node: Node, reason: Error): void => {
    if (node.machine !== undefined && journal.record.state !== 'setting-up') {
      // A run that is ended by force may take its machines with it: that says nothing of them.
      if (!signal.aborted) deaths.tell(node, reason)
      return
    }
    const message = `node ${node.name} was lost: ${reason.message}`
    const remedy = reason instanceof EnvironmentError ? reason.remedy : undefined
    journal.error(new EnvironmentError(message, { code: 'QUARRY_NODE_LOST', remedy, cause: reason }))
    // A watch goes on with the others.
    if (!options.watch) stopping.abort(reason)
  }
  const ensemble = createEnsemble({ definition, registry, directory, ledger, secrets, log, note, onLost })
  try {
    await using stack = new AsyncDisposableStack()
    stack.use(writer)
    stack.use(ledger)
    await ledger.record({ type: 'processes', run: directory.id })
    stack.use(ensemble)
    stack.defer(async () => {
      journal.enter('collecting')
      directory.write('jepsen-history.json', falloutHistory(history.operations))
      await ensemble.collect(blame, AbortSignal.timeout(COLLECTING_MS))
      journal.enter('tearing-down')
    })

    // What fails is told in the state in which it did, before everything is taken down.
    try {
      journal.enter('setting-up')
      const home = dirname(resolve(definition.file))
      for (const file of definition.localFiles)
        await makeFile(file, managedFiles(directory, definition), signal, home)
      await ensemble.bringUp(signal)
      journal.update({
        nodes: ensemble.nodes.map(({ name, group, ordinal, clockOffsetNs, host }) => ({
          name,
          group,
          ordinal,
          clockOffsetNs,
          host,
        })),
      })
      const retentionMs = historyNeeded(definition)
      const observation = stack.use(
        await observe({ definition, registry, ensemble, journal, writer, retentionMs, abort }),
      )
      journal.enter('running')
      const conducted = await conduct({
        definition,
        registry,
        directory,
        ensemble,
        journal,
        ledger,
        observation,
        signal,
        writer,
        capture: options.capture,
        stopping: stopping.signal,
        deaths,
        work: async (undisturbed, working) => {
          const workload = {
            registry,
            ensemble,
            ledger,
            history,
            journal,
            metrics: observation.metrics,
            log,
            undisturbed,
          }
          await runPhases(definition.phases, workload, working)
          if (options.watch) await whenAborted(working)
        },
      })
      symptoms = conducted.symptoms
      if (conducted.failure !== undefined) blame(conducted.failure)
      if (signal.aborted) blame(abortReason(signal))
      if (definition.evidence.reference === 'passing-runs')
        await importPassingRun(journal, writer, options.root)
    } catch (error) {
      blameAll(error)
    }
  } catch (error) {
    blameAll(error)
  }
  if (signal.aborted) journal.update({ aborted: messageOf(abortReason(signal)) })
  journal.enter('checking')
  const { references } = ensemble
  const checks = await check(definition, registry, directory, journal, history, symptoms, references)
  // Whatever ended the workload, what it left can be judged.
  const judging = {
    definition,
    registry,
    directory,
    history,
    references,
    log,
    performance: options.performance,
    signal: new AbortController().signal,
  }
  checks.push(...(await checkArtifacts(judging)))
  journal.update({ checks, partial: journal.record.errors.length > 0 })
}

/** Time in which services are stopped and their files brought here, also after an abort. */
const COLLECTING_MS = 30 * 60_000

const MOST_HISTORY_MS = 24 * 3_600_000

/** Metrics are kept in memory for as long as the symptoms look back, and five minutes more. */
function historyNeeded(definition: Definition): number {
  const lookbacks = definition.symptoms.map(({ when }) => {
    const parsed = parsePromql(when)
    return 'expr' in parsed ? lookbackOf(parsed.expr) : 0
  })
  return Math.min(Math.max(0, ...lookbacks), MOST_HISTORY_MS) + 5 * 60_000
}

/** How long the last complete run of the same definition took, or null. */
async function expectedDuration(definition: Definition, root: string): Promise<number | null> {
  const last = await latestRun(root, definition.file, ({ state }) => state === 'ended')
  return last === undefined ? null : last.record.cost.wallNs / 1e6
}

/** The first error and those of the teardown after it. */
function causesOf(error: unknown): unknown[] {
  return error instanceof SuppressedError ? [...causesOf(error.suppressed), error.error] : [error]
}

/** What `--json` prints. */
export function resultOf(record: RunRecord, directory: string, findings: readonly Finding[]): RunResult {
  return {
    verdict: record.verdict ?? 'unknown',
    run: record.id,
    directory,
    answer: answerOf(record, findings),
    ...(record.watchedFor === undefined ? {} : { watchedFor: record.watchedFor }),
    symptoms: record.symptoms.map(({ name, from, to, curedBy }) => ({ name, from, to, curedBy })),
    checks: record.checks,
    findings,
    notLookedAt: record.notLookedAt,
  }
}
