import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { UserError, messageOf } from '../base/errors.ts'
import { COMPARISON } from '../engine/diagnose-run.ts'
import { inWords } from '../hunt/signature/feature.ts'
import type { Signature } from '../hunt/signature/feature.ts'
import { groupFailures } from '../hunt/signature/group.ts'
import type { Grouping } from '../hunt/signature/group.ts'
import { confidenceSequence, type Interval } from '../hunt/stats/confidence-sequence.ts'
import type { Count } from '../hunt/stats/two-rates.ts'
import { signatureOf } from '../hunt/signature/signature.ts'
import { exitCodes } from '../model/verdict.ts'
import { shortened, visibleLine } from '../report/text.ts'
import { defaultRunsRoot, findRun, readRunRecord } from '../store/run-directory.ts'
import { defineCommand } from './command.ts'
import { table } from './table.ts'

export const command = defineCommand({
  arguments: {
    which: {
      many: true,
      optional: true,
      summary: 'definitions, or runs by directory or id; every run otherwise',
    },
  },
  options: {
    same: { value: 'regex', many: true, summary: 'failures with a message that matches are one bug' },
    other: { value: 'regex', many: true, summary: 'failures with a message that matches are another bug' },
    runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' },
  },
  details: `Failed runs by bug: those that failed in the same way are one group, with its own rate.

  quarry failures nightly.yaml                    all runs of a definition
  quarry failures nightly.yaml --same 'checksum mismatch' --other 'connection refused'

Compared are symptoms, failed checks and operations, errors, findings, waits and stacks of the sick system, reports of the
kernel, and log lines, all without what varies from run to run. What also shows in runs that passed weighs nothing. A rate is
over the runs that passed and those of the group: a run that another bug ended says nothing of this one.

The exit code is 1 when a run failed, 0 when none did.`,
  run: async ({ which, same, other, runs }, context) => {
    const options = { same: same.map(patternOf), other: other.map(patternOf) }
    const directories = await chosen(which, runs ?? defaultRunsRoot())
    const signatures = await readAll(directories, context.progress, context.signal)
    const definitions = [...Map.groupBy(signatures, ({ definition }) => basename(definition))]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([definition, ofIt]) => resultOf(definition, ofIt, groupFailures(ofIt, options)))
    if (context.json) context.printJson({ definitions })
    else context.print(definitions.map(textOf).join('\n\n'))
    return definitions.some(({ groups }) => groups.length > 0) ? exitCodes.fail : exitCodes.pass
  },
})

/** Of the intervals. */
const CONFIDENCE = 0.95

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw new UserError(`${text} is no regular expression: ${messageOf(error)}`, { cause: error })
  }
}

/** Directories of the runs that are meant; a word is a definition when it ends like one. */
async function chosen(which: readonly string[], root: string): Promise<string[]> {
  const isDefinition = (word: string): boolean => /\.ya?ml$/.test(word)
  const wanted = new Set(which.filter(isDefinition).map((word) => basename(word)))
  const named = await Promise.all(
    which.filter((word) => !isDefinition(word)).map((word) => findRun(word, root)),
  )
  if (which.length > 0 && wanted.size === 0) return [...new Set(named)]
  const below: string[] = []
  for (const id of (await readdir(root).catch((): string[] => [])).toSorted()) {
    const record = await readRunRecord(join(root, id)).catch(() => undefined)
    // A comparison is no run of a definition.
    if (record === undefined || record.definition === COMPARISON) continue
    if (which.length === 0 || wanted.has(basename(record.definition))) below.push(join(root, id))
  }
  const all = [...new Set([...named, ...below])]
  if (all.length > 0) return all
  throw new UserError(`there is no run${which.length === 0 ? '' : ` of ${which.join(', ')}`} in ${root}`, {
    code: 'QUARRY_NO_RUN',
    remedy: '`quarry run` makes one; --runs DIRECTORY or QUARRY_RUNS says where runs are',
  })
}

async function readAll(
  directories: readonly string[],
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<Signature[]> {
  const signatures: Signature[] = []
  const queue = directories.values()
  const read = async (): Promise<void> => {
    for (const directory of queue) {
      signal.throwIfAborted()
      const signature = await signatureOf(directory)
      signatures.push(signature)
      if (signatures.length % 50 === 0) progress(`${signatures.length} of ${directories.length} runs read`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, read))
  return signatures
}

/** Shape of what `--json` prints for a definition. */
interface Result {
  readonly definition: string
  readonly runs: number
  readonly passed: number
  readonly failed: number
  /** Runs that neither passed nor failed; they are in no rate. */
  readonly unknown: number
  /** Whether the failures are those of more than one bug. */
  readonly mixture: boolean
  readonly answer: string
  readonly groups: readonly (Grouping['groups'][number] & { readonly rate: Count & Interval })[]
  readonly failures: Grouping['failures']
}

function resultOf(definition: string, signatures: readonly Signature[], grouping: Grouping): Result {
  const passed = signatures.filter(({ failed, verdict }) => !failed && verdict === 'pass').length
  const failed = grouping.failures.length
  const groups = grouping.groups.map((group) => {
    const count = { shown: group.runs.length, runs: passed + group.runs.length }
    return { ...group, rate: { ...count, ...confidenceSequence(count.shown, count.runs, CONFIDENCE) } }
  })
  const counts = {
    runs: signatures.length,
    passed,
    failed,
    unknown: signatures.length - passed - failed,
    mixture: groups.length > 1,
  }
  return { definition, ...counts, answer: answerOf(counts, groups), groups, failures: grouping.failures }
}

function answerOf(
  { runs, failed, unknown }: Pick<Result, 'runs' | 'failed' | 'unknown'>,
  groups: Result['groups'],
): string {
  const rest = unknown === 0 ? '' : ` ${unknown} could not be judged.`
  if (failed === 0) return `None of ${runs} runs failed.${rest}`
  const first = `${failed} of ${runs} runs failed`
  if (groups.length === 1) return `${first}, all in the same way.${rest}`
  return `${first}, in ${groups.length} ways: a rate over all of them would be that of a mixture.${rest}`
}

function textOf({ definition, answer, groups }: Result): string {
  const rows = groups.map(({ name, runs, rate, first, last, example }) => [
    String(runs.length),
    `${percent(rate.shown / rate.runs)} (${percent(rate.low)} to ${percent(rate.high)}) of ${rate.runs}`,
    timeOf(first),
    timeOf(last),
    visibleLine(example),
    shortened(visibleLine(name), 100),
  ])
  const header = ['runs', 'rate', 'first', 'last', 'example', 'group']
  const common = groups.flatMap((group) => [
    '',
    shortened(visibleLine(group.name), 100),
    ...group.common.map((one) => `  ${shortened(visibleLine(inWords(one)), 120)}`),
  ])
  return [
    `${visibleLine(definition)}: ${answer}`,
    ...(rows.length === 0 ? [] : ['', table([header, ...rows])]),
    ...common,
  ].join('\n')
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`

const timeOf = (nanos: string): string =>
  new Date(Number(BigInt(nanos) / 1_000_000n)).toISOString().slice(0, 16).replace('T', ' ')
