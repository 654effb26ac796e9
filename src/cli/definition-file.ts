/** Reading a definition for the commands that execute it. */
import { createReadStream } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UserError, messageOf, type Problem } from '../base/errors.ts'
import { fetchText } from '../base/http.ts'
import { importOf, importedText } from '../definition/import.ts'
import { limits } from '../definition/limits.ts'
import {
  loadDefinition,
  pluginsNamed,
  type Loaded,
  type LoadInput,
  type NamedPlugin,
} from '../definition/load.ts'
import { parsePromql, selectorsOf } from '../evidence/promql/index.ts'
import type { Definition } from '../model/definition.ts'
import { withComponents, type Registry } from '../plugin/registry.ts'
import { parseParameters } from './command.ts'
import { loadPlugin, pluginsOfEnvironment, type PluginName } from './plugins.ts'

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

/** What came of loading, and the registry with the components that the definition's plug-ins add. */
export type CheckedDefinition = Loaded & { readonly registry: Registry }

/** Everything that is right or wrong with a definition; a UserError when the file cannot be read at all. */
export async function checkDefinition(question: DefinitionQuestion): Promise<CheckedDefinition> {
  const { input, registry, problems } = await readInput(question)
  if (input === undefined) return { registry, problems }
  const loaded = loadDefinition(input)
  if (problems.length === 0) return { ...loaded, registry }
  // What a plug-in would have added is missing; that it is may not be the user's fault.
  return { registry, problems: [...problems, ...loaded.problems] }
}

/** The text of a definition and all that it is to be loaded with, its plug-ins among it. */
export async function readInput(question: DefinitionQuestion): Promise<{
  readonly input?: LoadInput
  readonly registry: Registry
  readonly problems: readonly Problem[]
}> {
  const { file: path, registry, requireWorkload = true, signal } = question
  const file = path === '-' ? '<stdin>' : path
  const text = await read(path)
  const imported = importOf(file, text)
  if (imported !== undefined && imported.url === undefined) return { registry, problems: imported.problems }
  const input = {
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
  } satisfies LoadInput
  const directory = path === '-' ? process.cwd() : dirname(resolve(path))
  const added = await addPlugins(
    registry,
    pluginsNamed(input).map((named) => ({ ...named, directory })),
  )
  return {
    input: { ...input, registry: added.registry },
    registry: added.registry,
    problems: added.problems,
  }
}

/** The registry with the components of all plug-ins, and what is wrong with those that the definition names. */
async function addPlugins(
  registry: Registry,
  named: readonly (NamedPlugin & PluginName)[],
): Promise<{ readonly registry: Registry; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = []
  let extended = registry
  for (const plugin of pluginsOfEnvironment()) {
    try {
      extended = withComponents(extended, await loadPlugin(plugin))
    } catch (error) {
      const remedy = 'QUARRY_PLUGINS names files or npm packages, with colons between them'
      throw new UserError(`plug-in ${plugin.name}: ${messageOf(error)}`, { remedy, cause: error })
    }
  }
  for (const { file, line, column, name, directory } of named) {
    try {
      extended = withComponents(extended, await loadPlugin({ name, directory }))
    } catch (error) {
      problems.push({ file, line, column, message: `plug-in \`${name}\`: ${messageOf(error)}` })
    }
  }
  return { registry: extended, problems }
}

/** The definition and the registry that it is for, or a UserError with every problem. */
export async function readDefinition(
  question: DefinitionQuestion,
): Promise<{ readonly definition: Definition; readonly registry: Registry }> {
  const { definition, registry, problems } = await checkDefinition(question)
  if (definition !== undefined) return { definition, registry }
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
