/** Judging the files of a run: artifact checkers, when everything has been taken down. */
import { dirname, resolve } from 'node:path'
import { UserError, messageOf } from '../base/errors.ts'
import { queryCsv } from '../evidence/csv.ts'
import type { Definition } from '../model/definition.ts'
import type { CheckRecord } from '../model/run.ts'
import type { GroupArtifacts } from '../plugin/artifact-checker.ts'
import type { Registry } from '../plugin/registry.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import type { History } from './history.ts'
import type { References } from './references.ts'

export interface ArtifactCheckOptions {
  readonly definition: Definition
  readonly registry: Registry
  readonly directory: RunDirectory
  readonly history: History
  readonly references: References
  readonly log: (name: string, line: string) => void
  /** Writes a performance report of a run, or a part of one, and gives the names of its series. */
  readonly performance: (source: { name: string; directory: string }, prefix: string) => Promise<string[]>
  readonly signal: AbortSignal
}

/** In the order of the definition. A checker that throws is unknown. */
export async function checkArtifacts(options: ArtifactCheckOptions): Promise<CheckRecord[]> {
  const { definition, registry, directory, history, references, log, performance, signal } = options
  const groups = definition.groups.map(({ name, aliases, nodeCount }): GroupArtifacts => {
    const nodes = Array.from({ length: nodeCount }, (_, ordinal) =>
      directory.file('nodes', name, String(ordinal)),
    )
    return { name, aliases, directory: directory.file('nodes', name), nodes }
  })
  const group = (name: string): GroupArtifacts => {
    const is = (one: string): boolean => one.toLowerCase() === name.toLowerCase()
    const found = groups.find((one) => is(one.name) || one.aliases.some(is))
    if (found !== undefined) return found
    throw new UserError(`there is no node group called ${name}`)
  }
  const records: CheckRecord[] = []
  for (const use of definition.artifactCheckers) {
    const { name, component } = use
    const plugin = registry.get('artifact-checker', component)
    if (plugin === undefined) {
      throw new Error(`artifact checker ${component} is in the definition and not in the registry`)
    }
    const context = {
      directory: directory.path,
      group,
      groups,
      history: history.operations,
      definitionDirectory: dirname(resolve(definition.file)),
      queryCsv,
      performanceReport: (where: string, prefix: string) =>
        performance({ name: directory.id, directory: where }, prefix),
      log: (line: string) => log(name, line),
      signal,
    }
    try {
      const judged = await plugin.check(context, references.propertiesOf(plugin, use))
      records.push({ name, checker: component, ...judged })
    } catch (error) {
      const message = `artifact checker failed: ${messageOf(error)}`
      records.push({ name, checker: component, verdict: 'unknown', message })
    }
  }
  return records
}
