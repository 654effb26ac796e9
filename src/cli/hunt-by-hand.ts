/** A hunt with other hands: the commands that make its next runs, and runs that were made so. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { UserError, messageOf } from '../base/errors.ts'
import { leaveRun } from '../hunt/added.ts'
import { endOfNext, withoutBroken } from '../hunt/early.ts'
import { isHunted } from '../hunt/outcome.ts'
import type { HuntDirectory } from '../hunt/hunt-directory.ts'
import type { Planner } from '../hunt/planner.ts'
import { pointOf } from '../hunt/question.ts'
import { asHunted } from '../hunt/same-bug.ts'
import type { Definition } from '../model/definition.ts'
import type { RunRecord } from '../model/run.ts'
import { exitCodes } from '../model/verdict.ts'
import { shellWord } from '../node/ssh-scripts.ts'
import { defaultRunsRoot, findRun, readRunRecord } from '../store/run-directory.ts'
import type { CommandContext } from './command.ts'
import { parametersOfTrial } from './trial-parameters.ts'

export interface ByHand {
  readonly directory: HuntDirectory
  readonly planner: Planner
  readonly definition: Definition
  /** The definition with other parameters. */
  readonly load: (parameters: readonly string[]) => Promise<{ readonly definition: Definition }>
}

/** Prints the next runs as commands, best first; none when no run can tell more. */
export function tellPlan(
  { directory, planner, definition }: ByHand,
  count: string,
  context: CommandContext,
): number {
  const wanted = Number(count)
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new UserError(`--plan ${count}: expected a whole number above 0`)
  const { record } = directory
  const counted = withoutBroken(directory.trials)
  const trials = asHunted(counted, planner)
  const answer = planner.answer(trials)
  const endsAt = endOfNext(counted, record.section)
  const planned = (answer.done ? [] : planner.next(trials, wanted)).map(({ point, why }) => {
    const parameters = parametersOfTrial(
      { record, checkouts: 'DIRECTORY_OF' },
      { point, ...(endsAt === undefined ? {} : { endsAt }) },
      definition,
    )
    const words = ['quarry', 'run', record.definition, ...parameters.flatMap((one) => ['-p', one])]
    return { point, why, command: words.map(plain).join(' ') }
  })
  if (context.json) context.printJson(planned)
  else if (planned.length === 0) context.print(`# ${answer.sentence}`)
  else for (const { command } of planned) context.print(command)
  return exitCodes.pass
}

/** A word as it is typed, quoted only where it must be. */
const plain = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : shellWord(word))

/** Checks the runs and leaves them for the hunt: all of them, or none when one does not belong. */
export async function addRuns(
  byHand: ByHand,
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { directory } = byHand
  const found = []
  for (const word of words) {
    const run = await findRun(word, defaultRunsRoot())
    found.push({ run, ...(await checked(run, byHand)) })
  }
  const own = new Set(directory.trials.map(({ run }) => run?.split('/').at(-1)))
  const fresh = found.filter(
    ({ id, run, point, endsAt }) =>
      !own.has(id) &&
      leaveRun(directory.path, {
        added: id,
        run,
        point,
        why: 'it was added',
        ...(endsAt === undefined ? {} : { endsAt }),
      }),
  )
  const known = found.length - fresh.length
  const said = { added: fresh.map(({ id }) => id), known }
  if (context.json) context.printJson(said)
  else
    context.print(
      `${fresh.length} added${known === 0 ? '' : `, ${known} counted already`}. ` +
        `A hunt that goes on takes them up at its next choice; else: quarry hunt ${directory.path}`,
    )
  return exitCodes.pass
}

/** The id and the point of a run that the hunt can count. Throws a UserError for any other. */
async function checked(run: string, { directory, definition, load }: ByHand) {
  const record = await readRunRecord(run)
  const refuse = (
    why: string,
    remedy = 'see what it would make next: quarry hunt DIRECTORY --plan 1',
  ): never => {
    throw new UserError(`${run} cannot be added: ${why}`, { remedy })
  }
  if (!/^[\w.-]+$/.test(record.id)) refuse('its id is not that of a run')
  if (record.state !== 'ended') refuse(`it has not ended (${record.state})`, 'wait for it, or: quarry sweep')
  if (record.aborted !== undefined) refuse(`it was aborted: ${record.aborted}`)
  const text = await readFile(join(run, 'definition.yaml'), 'utf8').catch((error: unknown) =>
    messageOf(error),
  )
  if (text !== directory.text) refuse('its definition is not that of the hunt')
  const point = pointOf(directory.record, record)
  const { symptom, quantity } = directory.record.section
  const hunted = definition.symptoms.filter((one) => isHunted(one, symptom)).map(({ name }) => name)
  const ends = definition.symptoms.find(({ name }) => !hunted.includes(name) && endedAt(record, name))?.name
  const endsAt =
    ends ?? Object.keys(directory.record.section.signs ?? {}).find((name) => endedAt(record, name))
  const early = endsAt === undefined ? {} : { endsAt }
  const expected = await load(parametersOfTrial(directory, { point, ...early }, definition))
  // What a run does once the behaviour has shown changes nothing of what it says, unless something is measured in it.
  const unimportant = new Set(['checkout', ...(quantity === undefined ? hunted.map(thenOf) : [])])
  const other = Object.keys({ ...expected.definition.parameters, ...record.parameters }).find(
    (name) =>
      !unimportant.has(name) &&
      !isDeepStrictEqual(expected.definition.parameters[name], record.parameters[name]),
  )
  if (other !== undefined)
    refuse(
      `its ${other} is ${JSON.stringify(record.parameters[other])}, ` +
        `and that of the hunt ${JSON.stringify(expected.definition.parameters[other])}`,
    )
  return { id: record.id, point, ...early }
}

const thenOf = (symptom: string): string => `symptoms/${symptom}/then`

/** Whether a run was told to end at a symptom that it would else go past. */
const endedAt = ({ parameters }: RunRecord, symptom: string): boolean =>
  JSON.stringify(parameters[thenOf(symptom)] ?? '').includes('stop')
