/** The `symptoms` section: conditions in PromQL, and what is done when one shows. */
import { symptomActions, type SymptomAction, type SymptomSpec } from '../model/definition.ts'
import { checkCondition, type KnownSeries } from './condition.ts'
import type { LoadContext } from './context.ts'
import {
  checkName,
  oneOrMany,
  readBoolean,
  readChoice,
  readDuration,
  readFields,
  readMap,
  readText,
  requireField,
} from './fields.ts'
import { quote } from './problems/quote.ts'
import type { Entry, Tree } from './tree.ts'

export const symptomKeys = ['when', 'for', 'then', 'expected', 'source']

const DEFAULT_ACTIONS: readonly SymptomAction[] = ['capture', 'stop']

type Known = Omit<KnownSeries, 'ownSeries'>

export function readSymptoms(context: LoadContext, tree: Tree, known: Known): SymptomSpec[] {
  return [...readMap(context.report, tree, '`symptoms`').values()].flatMap(({ key, keyAt, value }) => {
    checkName(context.report, keyAt, key, 'name of a symptom')
    const symptom = readSymptom(context, key, value, keyAt, known)
    return symptom === undefined ? [] : [symptom]
  })
}

function readSymptom(
  context: LoadContext,
  name: string,
  tree: Tree,
  keyAt: Entry['keyAt'],
  known: Known,
): SymptomSpec | undefined {
  const { report } = context
  const where = `symptom ${quote(name)}`
  const fields = readFields(report, tree, where, symptomKeys)
  const [when, duration, then, expected, source] = symptomKeys.map((key) => fields.get(key)?.value)
  const hint = 'a PromQL condition, such as `probe_success{probe="x"} == 0`'
  requireField(report, fields, 'when', { in: tree, at: keyAt, where, hint })
  const condition = when && readText(report, when, `\`when\` of ${where}`)
  const url = source && readUrl(context, source, `\`source\` of ${where}`)
  if (when?.type === 'scalar' && condition !== undefined) {
    checkCondition(context, when, { ...known, ownSeries: source === undefined })
  }
  const forMs = duration && readDuration(report, duration, `\`for\` of ${where}`)
  const actions = then === undefined ? DEFAULT_ACTIONS : readActions(context, then, where)
  const isExpected = expected && readBoolean(report, expected, `\`expected\` of ${where}`)
  if (condition === undefined) return undefined
  return {
    name,
    when: condition,
    forMs: forMs ?? 0,
    // oxlint-disable-next-line unicorn/no-thenable -- a list of actions, the word of the definition
    then: actions,
    expected: isExpected ?? false,
    ...(url === undefined ? {} : { source: url }),
  }
}

function readActions({ report }: LoadContext, tree: Tree, where: string): SymptomAction[] {
  const what = `\`then\` of ${where}`
  const items = oneOrMany(tree)
  if (items.length === 0) report(tree, `${what} is empty`, `expected ${symptomActions.join(', ')}`)
  const actions = items.flatMap((item) => readChoice(report, item, what, symptomActions) ?? [])
  const ends = actions.find((action) => action === 'stop' || action === 'hold')
  if (ends !== undefined && actions.includes('continue'))
    report(tree, `${what} cannot be continue and ${ends} at once`)
  return [...new Set(actions)]
}

function readUrl({ report }: LoadContext, tree: Tree, where: string): string | undefined {
  const text = readText(report, tree, where)
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return text
  report(
    tree,
    `${where} must be the URL of a Prometheus server, not ${quote(text)}`,
    'such as `http://127.0.0.1:9090`',
  )
  return undefined
}
