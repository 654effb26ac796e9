/** Judging a run: the checkers of the definition, and what every run is judged by. */
import { messageOf } from '../base/errors.ts'
import { openEvidence } from '../evidence/query.ts'
import type { Definition } from '../model/definition.ts'
import type { CheckRecord } from '../model/run.ts'
import type { Registry } from '../plugin/registry.ts'
import type { RunDirectory } from '../store/run-directory.ts'
import type { History } from './history.ts'
import type { Journal } from './journal.ts'
import type { References } from './references.ts'
import type { Symptom } from './symptom-state.ts'

/** All checks, in the order of the definition after the three that every run has. A checker that throws is unknown. */
export async function check(
  definition: Definition,
  registry: Registry,
  directory: RunDirectory,
  journal: Journal,
  history: History,
  symptoms: readonly Symptom[],
  references: References,
): Promise<CheckRecord[]> {
  const unjudged = symptoms.filter(({ judged }) => !judged).map(({ spec }) => spec.name)
  journal.update({ unjudged })
  const records = [errorCheck(history), symptomCheck(journal), judgedCheck(unjudged), endCheck(journal)]
  const context = {
    history: history.operations,
    symptoms: journal.record.symptoms,
    directory: directory.path,
    query: async (sql: string) => {
      await using evidence = await openEvidence(directory.path)
      return await evidence.rows<Record<string, unknown>>(sql)
    },
  }
  for (const use of definition.checkers) {
    const { name, component } = use
    const plugin = registry.get('checker', component)
    if (plugin === undefined) {
      throw new Error(`checker ${component} is in the definition and not in the registry`)
    }
    try {
      records.push({
        name,
        checker: component,
        ...(await plugin.check(context, references.propertiesOf(plugin, use))),
      })
    } catch (error) {
      records.push({
        name,
        checker: component,
        verdict: 'unknown',
        message: `checker failed: ${messageOf(error)}`,
      })
    }
  }
  return records
}

function errorCheck({ operations }: History): CheckRecord {
  const errors = operations.filter(({ kind }) => kind === 'error')
  const [first] = errors
  const message =
    first === undefined
      ? 'no module ended with an error'
      : `${errors.length} module error(s), the first in ${first.process}: ${String(first.value)}`
  return {
    name: 'no-module-errors',
    checker: 'built-in',
    verdict: first === undefined ? 'pass' : 'fail',
    message,
  }
}

function symptomCheck({ record }: Journal): CheckRecord {
  const unexpected = [...new Set(record.symptoms.filter(({ expected }) => !expected).map(({ name }) => name))]
  const message =
    unexpected.length === 0 ? 'no unexpected symptom showed' : `showed: ${unexpected.join(', ')}`
  const verdict = unexpected.length === 0 ? 'pass' : 'fail'
  return { name: 'no-unexpected-symptoms', checker: 'built-in', verdict, message }
}

function judgedCheck(unjudged: readonly string[]): CheckRecord {
  const message =
    unjudged.length === 0
      ? 'every symptom could be judged'
      : `no series was ever there to judge ${unjudged.join(', ')} by: is its metric sampled, and spelt right?`
  const verdict = unjudged.length === 0 ? 'pass' : 'unknown'
  return { name: 'symptoms-judged', checker: 'built-in', verdict, message }
}

function endCheck({ record }: Journal): CheckRecord {
  const [first] = record.errors
  const message = first === undefined ? 'the run went to its end' : `${first.state}: ${first.message}`
  return {
    name: 'ran-to-end',
    checker: 'built-in',
    verdict: first === undefined ? 'pass' : 'unknown',
    message,
  }
}
