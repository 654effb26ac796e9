/** What a person reads in the terminal when a run has ended. */
import { join } from 'node:path'
import { styleText } from 'node:util'
import { nextStep } from '../diagnosis/answer.ts'
import type { Finding } from '../model/finding.ts'
import type { RunResult } from '../model/run.ts'
import { formatConfidence } from '../report/format.ts'
import { shortened } from '../report/text.ts'
import { cut, oneLine, wrapped } from './progress/terminal-text.ts'

/** Room for the rank of a finding. */
const INDENT = 5
const MOST_FINDINGS = 5
const MOST_MISSING = 6
/** Lines longer than this are hard to read on any terminal. */
const WIDEST = 100
const NARROWEST = 60
const MOST_ANSWER = 2000
const MOST_STATEMENT = 160
const colors = { pass: 'green', unknown: 'yellow', fail: 'red' } as const

/** The verdict, the answer, what else was found, what was not looked at, the next step, and where all of it is. */
export function summaryOf(result: RunResult, columns = process.stdout.columns ?? 80): string {
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns - 1))
  const { verdict, run, answer, findings, notLookedAt, directory } = result
  const next = nextStep(result, findings)
  const paragraph = (text: string): string[] => wrapped(shortened(oneLine(text), MOST_ANSWER), width)
  return [
    '',
    `${styleText(['bold', colors[verdict]], verdict.toUpperCase())}  ${oneLine(run)}`,
    '',
    ...paragraph(answer),
    ...findingLines(findings, answer, width),
    ...missingLines(notLookedAt, width),
    ...(next === undefined ? [] : ['', ...paragraph(`Next: ${next}`)]),
    '',
    `Case file  ${join(directory, 'case.html')}`,
    `Evidence   ${directory}`,
    styleText('dim', `quarry report last --format markdown, quarry sql last "select ..."`),
  ].join('\n')
}

/** The first sentence of each that the answer does not have word for word; the case file has the rest. */
function findingLines(findings: readonly Finding[], answer: string, width: number): string[] {
  const sure = findings.filter(({ confident, statement }) => confident && !answer.includes(statement))
  const shown = sure.slice(0, MOST_FINDINGS)
  const lines = shown.flatMap(({ rank, kind, statement, confidence }) => {
    const [sentence = ''] = oneLine(statement).split(/(?<=[.;:]) /, 1)
    const text = cut(sentence.replace(/[;:]$/, '.'), MOST_STATEMENT)
    const tags = `(${kind}, ${formatConfidence(confidence)})`
    return wrapped(`${text} ${tags}`, width - INDENT).map(
      (line, index) => (index === 0 ? `${rank}. ` : '').padStart(INDENT) + line,
    )
  })
  const more = sure.length - shown.length
  const unsure = findings.filter(({ confident }) => !confident).length
  const rest = [...(more > 0 ? [`${more} more`] : []), ...(unsure > 0 ? [`${unsure} less sure`] : [])]
  if (lines.length + rest.length === 0) return []
  const tail = rest.length > 0 ? [styleText('dim', `     ${rest.join(' and ')} in the case file`)] : []
  return ['', styleText('bold', 'Findings'), ...lines, ...tail]
}

function missingLines(missing: RunResult['notLookedAt'], width: number): string[] {
  if (missing.length === 0) return []
  const lines = missing
    .slice(0, MOST_MISSING)
    .map(({ collector, why, remedy }) => cut(`  ${collector}: ${oneLine(why)}; ${oneLine(remedy)}`, width))
  const more = missing.length - lines.length
  const tail = more > 0 ? [styleText('dim', `  and ${more} more in the case file`)] : []
  return ['', styleText('bold', 'Not looked at'), ...lines, ...tail]
}
