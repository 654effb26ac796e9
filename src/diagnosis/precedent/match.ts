/** Which precedents the findings of a run resemble. */
import type { Finding } from '../../model/finding.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { plain } from '../statement/format.ts'
import type { Precedent } from './model.ts'
import { compareVersions } from './version.ts'

/** What a finding must be known by: itself, and the class that was derived for it. */
export interface Known {
  readonly finding: Finding
  readonly failureClass: string | undefined
}

/** A precedent that matches, as a finding without rank. Only confident findings can match. */
export async function matchPrecedents(
  the: Case,
  known: readonly Known[],
  precedents: readonly Precedent[],
): Promise<Omit<Finding, 'id' | 'rank'>[]> {
  const confident = known.filter(({ finding }) => finding.confident)
  const facts = new Map<string, string>()
  const rows = await the.evidence.rows<{ key: string; value: string }>(
    `SELECT key, arg_max(value, ts) AS value FROM facts WHERE key IS NOT NULL GROUP BY key`,
  )
  for (const { key, value } of rows) facts.set(key, value)
  return precedents.flatMap((precedent) => {
    const matched = precedent.when.findings.map((condition) => confident.find((one) => meets(one, condition)))
    if (matched.some((one) => one === undefined)) return []
    const findings = matched.flatMap((one) => (one === undefined ? [] : [one.finding]))
    const verdicts = precedent.when.facts.map((condition) => ({
      condition,
      met: factMet(condition, facts.get(condition.key)),
    }))
    const against = verdicts.filter(({ met }) => met === false)
    const unknown = verdicts.filter(({ met }) => met === undefined)
    const confidence = Math.min(...findings.map((finding) => finding.confidence))
    const differs = against.map(
      ({ condition }) =>
        `here ${condition.key} is ${plain(facts.get(condition.key) ?? '')}, where that cause is not known`,
    )
    const untold = unknown.map(({ condition }) => `${condition.key} is not known`)
    const caveat = [...differs, ...untold].join('; ')
    const [main] = findings
    if (main === undefined) return []
    return [
      {
        kind: 'precedent',
        layer: main.layer,
        // The same signature on a version that had it fixed is a hint, not a statement.
        confident: against.length === 0 && unknown.length === 0,
        subject: {
          ...(main.subject.node === undefined ? {} : { node: main.subject.node }),
          signature: precedent.id,
        },
        statement:
          `Seen before: ${precedent.title} (${precedent.class}). ${precedent.says.trim()} ${precedent.advice.trim()}` +
          `${caveat === '' ? '' : ` But ${caveat}.`}${precedent.links.length === 0 ? '' : ` See ${precedent.links.join(', ')}.`}`,
        effect: { value: findings.length, unit: 'findings that match' },
        confidence: against.length === 0 ? confidence : confidence / 2,
        sql: query(
          `SELECT ts, node, key, value FROM facts WHERE key IN (${
            precedent.when.facts.length === 0
              ? literal('kernel.release')
              : precedent.when.facts.map(({ key }) => literal(key)).join(', ')
          }) ORDER BY ts`,
        ),
        related: findings.map(({ id }) => id),
      },
    ]
  })
}

function meets({ finding, failureClass }: Known, condition: Precedent['when']['findings'][number]): boolean {
  if (finding.kind !== condition.kind) return false
  if (condition.layer !== undefined && finding.layer !== condition.layer) return false
  if (condition.class !== undefined && !new RegExp(condition.class, 'i').test(failureClass ?? ''))
    return false
  if (condition.leastRatio !== undefined && (finding.effect.ratio ?? 0) < condition.leastRatio) return false
  const subject = new Map<string, string | number>(Object.entries(finding.subject))
  return Object.entries(condition.subject ?? {}).every(([field, text]) => {
    const value = subject.get(field)
    return value !== undefined && new RegExp(text).test(String(value))
  })
}

function factMet(
  condition: Precedent['when']['facts'][number],
  value: string | undefined,
): boolean | undefined {
  if (value === undefined) return undefined
  if (condition.matches !== undefined && !new RegExp(condition.matches).test(value)) return false
  if (condition.from !== undefined && compareVersions(value, condition.from) < 0) return false
  return condition.before === undefined || compareVersions(value, condition.before) < 0
}
