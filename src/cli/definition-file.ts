/** Reading a definition for the commands that execute it. */
import { createReadStream } from 'node:fs'
import { UserError, messageOf } from '../base/errors.ts'
import { fetchText } from '../base/http.ts'
import { importOf, importedText } from '../definition/import.ts'
import { limits } from '../definition/limits.ts'
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
  /** Ends the fetching of an imported definition. */
  readonly signal: AbortSignal
}

/** Everything that is right or wrong with a definition; a UserError when the file cannot be read at all. */
export async function checkDefinition(question: DefinitionQuestion): Promise<Loaded> {
  const { file: path, registry, requireWorkload = true, signal } = question
  const file = path === '-' ? '<stdin>' : path
  const text = await read(path)
  const imported = importOf(file, text)
  if (imported !== undefined && imported.url === undefined) return { problems: imported.problems }
  return loadDefinition({
    file,
    text:
      imported?.url === undefined
        ? text
        : importedText(imported.url, await fetchDefinition(imported.url, signal)),
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

const IMPORT_TIMEOUT_MS = 60_000

async function fetchDefinition(url: string, signal: AbortSignal): Promise<string> {
  const remedy = `see what it answers: curl -sS ${url}`
  const { status, text } = await fetchText({
    url,
    timeoutMs: IMPORT_TIMEOUT_MS,
    maxBytes: limits.source,
    signal,
  })
  if (status !== 200) throw new UserError(`${url}: the answer has status ${status}`, { remedy })
  return text
}

/** Far more than a definition may have, which the loader says; what goes on after that may never end. */
const MOST_BYTES = 64 * 2 ** 20

async function read(file: string): Promise<string> {
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes, and no end`)
    }
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`, {
      code: 'QUARRY_NO_FILE',
      remedy: 'name a definition, such as examples/negative-dentries.yaml',
      cause: error,
    })
  }
  return Buffer.concat(chunks).toString('utf8')
}
