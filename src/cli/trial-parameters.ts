/** What a run of a hunt is started with: the parameters of the hunt, those of its point, and what ends it early. */
import { join } from 'node:path'
import { earlyParameters } from '../hunt/early.ts'
import type { HuntDirectory } from '../hunt/hunt-directory.ts'
import { versionFactor } from '../hunt/question.ts'
import type { Definition } from '../model/definition.ts'
import { assignments, type Trial } from '../model/hunt.ts'

/** `name=value`, as typed after `-p`. */
export function parametersOfTrial(
  { record, checkouts }: Pick<HuntDirectory, 'record' | 'checkouts'>,
  { point, endsAt }: Pick<Trial, 'point' | 'endsAt'>,
  definition?: Definition,
): string[] {
  const commit = point[versionFactor(record.section)]
  return [
    ...assignments(record.parameters),
    ...assignments(point),
    ...(record.checkout === true && commit !== undefined
      ? [`checkout=${join(checkouts, String(commit))}`]
      : []),
    ...earlyParameters(record.section, endsAt, definition?.symptoms ?? []),
  ]
}
