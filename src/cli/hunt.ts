import { availableParallelism } from 'node:os'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { UserError } from '../base/errors.ts'
import { runSql } from '../evidence/sql.ts'
import { huntNamed, valuesOf } from '../definition/load.ts'
import { withEarlyEnd, withoutBroken } from '../hunt/early.ts'
import { createCheckouts, readHistory } from '../hunt/git-history.ts'
import {
  createHunt,
  isHunt,
  newHuntId,
  openHunt,
  readHunt,
  readTrials,
  type HuntDirectory,
  type HuntRecord,
} from '../hunt/hunt-directory.ts'
import { hunt, type HuntEvent } from '../hunt/hunt.ts'
import type { Planner } from '../hunt/planner.ts'
import { plannerOf, samplePoint, startOf, versionFactor } from '../hunt/question.ts'
import { asHunted } from '../hunt/same-bug.ts'
import { survivalCurves } from '../hunt/survival.ts'
import { kernelsOfSeries } from '../lab/kernels/description.ts'
import { assignments, questions, type Answer, type HuntResult } from '../model/hunt.ts'
import { exitCodes, type Verdict } from '../model/verdict.ts'
import { SHOWS_NOTHING, huntSection, showsNothing, type HuntSection } from '../plugin/hunt-section.ts'
import { huntPage } from '../report/hunt/page.ts'
import { defaultRunsRoot } from '../store/run-directory.ts'
import { defineCommand, parameterOption, parseParameters, type CommandContext } from './command.ts'
import { readDefinition, readInput } from './definition-file.ts'
import { addRuns, tellPlan } from './hunt-by-hand.ts'
import { installNeeded } from './install.ts'
import { createHuntView, huntLine, renderHunt, takeHunt } from './progress/hunt-view.ts'
import { liveLines } from './progress/live.ts'
import { secretsOption } from './secrets.ts'
import { parametersOfTrial } from './trial-parameters.ts'
import { runTrial } from './trial-process.ts'

export const command = defineCommand({
  arguments: {
    definition: { summary: 'YAML file with a `hunt` section, or the directory of a hunt to go on with' },
  },
  options: {
    ask: { value: 'question', summary: `the question, instead of the definition's: ${questions.join(', ')}` },
    parameter: parameterOption,
    runs: { value: 'directory', summary: 'where the hunt directory goes; ./runs, or QUARRY_RUNS' },
    parallel: { value: 'count', summary: 'runs side by side, instead of what the definition says' },
    add: {
      value: 'run',
      many: true,
      summary: 'count a run that was made by hand or elsewhere: its directory; may be repeated',
    },
    plan: { value: 'count', summary: 'tell the commands that make the next runs, and make none' },
    why: { summary: 'tell why each run was made and what would be next, and make none' },
    asIs: { summary: 'install nothing: go without the collectors whose tools are missing' },
    secrets: secretsOption,
    plain: { summary: 'plain lines of progress, also on a terminal' },
  },
  details: `Chooses what to run next, runs as much side by side as may be, and stops as soon as the answer is sure
enough. The first Ctrl-C stops it; \`quarry hunt DIRECTORY\` goes on, also after \`kill -9\`.
Other machines help by what \`--plan 5\` prints; their run directories, copied here, count after \`--add\`.
Exit code: 0 answered, 1 it is still there (\`verify\`), 2 not sure.`,
  run: async (options, context) => {
    const { definition: word, why, plain, secrets, asIs, add, plan } = options
    if ((add.length > 0 || plan !== undefined) && !isHunt(word)) {
      const remedy = `begin it: quarry hunt ${word}`
      throw new UserError(`${word} is not the directory of a hunt`, { remedy })
    }
    using directory =
      isHunt(word) && (why || add.length > 0 || plan !== undefined)
        ? lookAt(word)
        : isHunt(word)
          ? openHunt(resolve(word))
          : await begin(word, options, context)
    const { record } = directory
    const planner = plannerOf(record)
    if (why) return tellWhy(directory, planner, context)
    const load = async (parameters: readonly string[]) =>
      await readDefinition({
        file: record.definition,
        parameters,
        registry: await context.registry(),
        signal: context.signal,
      })
    const { definition, registry } = await load(parametersOfTrial(directory, { point: samplePoint(record) }))
    if (definition.text.source !== directory.text) {
      const remedy = `begin a new hunt: quarry hunt ${record.definition}`
      throw new UserError(`${record.definition} is no longer what it was when the hunt began`, { remedy })
    }
    const byHand = { directory, planner, definition, load }
    if (add.length > 0) return await addRuns(byHand, add, context)
    if (plan !== undefined) return tellPlan(byHand, plan, context)
    if (!asIs) await installNeeded(definition, registry, context)
    const shared = definition.groups.some(({ provisioner }) => provisioner.component === 'local')
    const parallel = parallelOf(options.parallel ?? record.section.parallel, shared)
    const { git } = record.section
    const checkouts =
      git === undefined || record.versions === undefined
        ? undefined
        : createCheckouts(git, directory.checkouts)
    let answer: Answer
    {
      using view = show(`${record.section.ask} ${record.id}`, plain, context)
      answer = await hunt(directory, {
        planner,
        parallel,
        signal: context.signal,
        progress: (event) => view.take(event),
        prepare: async ({ point }, signal) =>
          await checkouts?.prepare(String(point[versionFactor(record.section)]), signal),
        run: (trial, at, signal) => {
          const parameters = parametersOfTrial(directory, trial, definition)
          return runTrial({ definition: record.definition, parameters, secrets, directory: at }, signal)
        },
        measure: async (run) => {
          const { rows } = await runSql(run, record.section.quantity ?? '')
          const value = rows[0]?.[0]
          return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined
        },
      })
    }
    if (answer.done) rmSync(directory.checkouts, { recursive: true, force: true })
    const result = resultOf(directory, answer)
    const counted = withoutBroken(directory.trials)
    const trials = asHunted(counted, planner)
    writeFileSync(
      join(directory.path, 'hunt.html'),
      huntPage({
        result,
        title: definition.description ?? record.definition,
        picture: answer.picture,
        runsToGo: answer.runsToGo,
        curves: survivalCurves(trials),
        trials,
        pageOf: (run) => relative(directory.path, join(run, 'case.html')),
      }),
    )
    if (context.json) context.printJson(result)
    else context.print(summary(result, answer))
    return exitCodes[result.verdict]
  },
})

/** Why each run was made, and what would be next. */
function tellWhy(
  { trials: all, record }: HuntDirectory,
  planner: Planner,
  { print }: CommandContext,
): number {
  for (const trial of all) print(huntLine({ type: 'trial', trial: { ...trial, outcome: 'running' } }) ?? '')
  const counted = withoutBroken(all)
  const trials = asHunted(counted, planner)
  const answer = withEarlyEnd(planner.answer(trials), trials, record.section)
  const [next] = answer.done ? [] : planner.next(trials, 1)
  print(next === undefined ? answer.sentence : `next: ${next.why}`)
  if (answer.early !== undefined) print(answer.early.sentence)
  return exitCodes.pass
}

interface Options {
  readonly ask: string | undefined
  readonly parameter: readonly string[]
  readonly runs: string | undefined
}

/** Makes the directory of a new hunt, when the definition is right. */
async function begin(
  file: string,
  { ask, parameter, runs }: Options,
  context: CommandContext,
): Promise<HuntDirectory> {
  if (file === '-') throw new UserError('a hunt reads its definition again for each run: name a file')
  if (ask !== undefined && !(questions as readonly string[]).includes(ask))
    throw new UserError(`--ask ${ask}: there is no such question`, {
      remedy: `one of ${questions.join(', ')}`,
    })
  const question = { file, parameters: parameter, registry: await context.registry(), signal: context.signal }
  const { input } = await readInput(question)
  const named = input === undefined ? undefined : huntNamed(input)
  const given = huntSection.safeParse({
    ...(typeof named === 'object' ? named : {}),
    ...(ask === undefined ? {} : { ask }),
  })
  if (input === undefined || given.data === undefined) {
    // The loader tells what is wrong, and where; what `--ask` lacks is nowhere in the file.
    await readDefinition(question)
    throw new UserError(
      given.error?.issues.map(({ message }) => message).join('; ') ?? 'the hunt has no question',
    )
  }
  const directory = dirname(resolve(file))
  // A hunt may be gone on with from another directory.
  const git = given.data.git && { ...given.data.git, repo: resolve(directory, given.data.git.repo) }
  const section = { ...given.data, ...(git === undefined ? {} : { git }) }
  const versions =
    section.ask === 'bisect' ? await versionsToRead(section, directory, context.signal) : undefined
  const start =
    section.ask === 'screen'
      ? startOf(section.factors, valuesOf(input, Object.keys(section.factors ?? {})))
      : undefined
  const record: HuntRecord = {
    version: 1,
    id: newHuntId(file, new Date()),
    definition: resolve(file),
    section,
    parameters: parseParameters(parameter),
    ...(versions === undefined ? {} : { versions }),
    ...(start === undefined ? {} : { start }),
  }
  const check = samplePoint(record)
  const checkout = needsCheckout(input.text)
  const { definition } = await readDefinition({
    ...question,
    parameters: [...parameter, ...assignments(check), ...(checkout ? ['checkout=/'] : [])],
  })
  if (showsNothing(section, definition))
    throw new UserError(`${file}: ${SHOWS_NOTHING.problem}`, { remedy: SHOWS_NOTHING.remedy })
  return createHunt(runs ?? defaultRunsRoot(), { ...record, ...(checkout ? { checkout } : {}) }, input.text)
}

/** Versions that are not said in the definition itself. */
async function versionsToRead(
  { git, series }: HuntSection,
  directory: string,
  signal: AbortSignal,
): Promise<HuntRecord['versions']> {
  if (git !== undefined) return await readHistory(git, signal)
  if (series === undefined) return undefined
  const labels = await kernelsOfSeries(series, directory)
  return { labels, parents: labels.map((_, index) => (index === 0 ? [] : [index - 1])) }
}

const needsCheckout = (text: string): boolean => /\{\{\{?&?\s*checkout\b/.test(text)

/** A hunt to look at, which another process may be hunting on in. */
function lookAt(path: string): HuntDirectory {
  const refuse = (): never => {
    throw new Error('it is only looked at')
  }
  const at = resolve(path)
  return {
    path: at,
    record: readHunt(at),
    text: readFileSync(join(at, 'definition.yaml'), 'utf8'),
    trials: readTrials(at),
    trialDirectory: (number) => resolve(at, 'trials', String(number)),
    checkouts: resolve(at, 'checkouts'),
    plan: refuse,
    added: () => [],
    settle: refuse,
    save: refuse,
    [Symbol.dispose]: () => undefined,
  }
}

function parallelOf(given: number | string, shared: boolean): number {
  if (given === 'auto') return shared ? 1 : Math.max(1, Math.floor(availableParallelism() / 2))
  const count = Number(given)
  if (Number.isInteger(count) && count > 0) return count
  throw new UserError(`--parallel ${given}: expected a whole number above 0, or auto`)
}

function show(
  title: string,
  plain: boolean,
  context: CommandContext,
): Disposable & { take(event: HuntEvent): void } {
  const view = createHuntView(title, Date.now())
  if (!process.stderr.isTTY || plain) {
    let said = ''
    const say = (event: HuntEvent): void => {
      const line = huntLine(event)
      if (line === undefined || line === said) return
      if (event.type === 'answer') said = line
      context.progress(line)
    }
    return { take: say, [Symbol.dispose]: () => undefined }
  }
  const live = liveLines(process.stderr, (size) => renderHunt(view, Date.now(), size))
  return { take: (event) => takeHunt(view, event), [Symbol.dispose]: () => live[Symbol.dispose]() }
}

function resultOf({ record, path, trials }: HuntDirectory, answer: Answer): HuntResult {
  const verdict: Verdict = !answer.sure ? 'unknown' : answer.result === 'still there' ? 'fail' : 'pass'
  return {
    verdict,
    hunt: record.id,
    directory: path,
    question: record.section.ask,
    answer: answer.sentence,
    result: answer.result,
    probability: answer.probability,
    runs: trials.length,
    ...(answer.early === undefined ? {} : { early: answer.early }),
  }
}

function summary(
  { answer, directory, runs, verdict, early }: HuntResult,
  { done, runsToGo }: Answer,
): string {
  const rest = runsToGo === null ? '' : `, about ${runsToGo} runs more`
  return [
    answer,
    ...(early === undefined ? [] : [early.sentence]),
    `${runs} runs: ${join(directory, 'hunt.html')}`,
    ...(verdict === 'unknown' && !done ? [`Not sure yet${rest}: quarry hunt ${directory}`] : []),
  ].join('\n')
}
