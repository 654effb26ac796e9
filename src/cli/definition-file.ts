/** Reading a definition for the commands that execute it. */
import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import { UserError, messageOf } from '../base/errors.ts'
import { loadDefinition, type Loaded } from '../definition/load.ts'
import { parsePromql, selectorsOf } from '../evidence/promql/index.ts'
import type { Definition } from '../model/definition.ts'
import type { Registry } from '../plugin/registry.ts'
import { parseParameters } from './command.ts'

export interface DefinitionQuestion {
  /** Path; `-` is standard input. */
  readonly file: string
  /** `name=value` pairs. */
  readonly parameters: readonly string[]
  readonly registry: Registry
  readonly requireWorkload?: boolean
}

/** Everything that is right or wrong with a definition; a UserError when the file cannot be read at all. */
export async function checkDefinition(question: DefinitionQuestion): Promise<Loaded> {
  const { file, registry, requireWorkload = true } = question
  return loadDefinition({
    file: file === '-' ? '<stdin>' : file,
    text: file === '-' ? await readStream(process.stdin) : await read(file),
    parameters: parseParameters(question.parameters),
    registry,
    requireWorkload,
    selectorsOf: (text) => {
      const parsed = parsePromql(text)
      return 'expr' in parsed ? selectorsOf(parsed.expr) : []
    },
    validatePromql: (text) => {
      const parsed = parsePromql(text)
      return 'problems' in parsed ? parsed.problems : []
    },
  })
}

/** The definition, or a UserError with every problem. */
export async function readDefinition(question: DefinitionQuestion): Promise<Definition> {
  const { definition, problems } = await checkDefinition(question)
  if (definition !== undefined) return definition
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  throw new UserError(`${question.file} has ${count}`, { code: 'QUARRY_DEFINITION', problems })
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`, {
      code: 'QUARRY_NO_FILE',
      remedy: 'name a definition, such as examples/negative-dentries.yaml',
      cause: error,
    })
  }
}
