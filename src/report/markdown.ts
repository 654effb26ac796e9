/** The case file as Markdown, for issues and pull requests. */
import { formatDuration } from '../base/duration.ts'
import type { CaseData } from './case-data.ts'

/** Verdict, answer, findings, ladder and what was not looked at. */
export function caseMarkdown({ record, result, nextStep, findings, from, to }: CaseData): string {
  const lines = [
    `# ${result.verdict}: ${inline(record.description ?? record.definition)}`,
    '',
    inline(result.answer),
    '',
    ...(nextStep === '' ? [] : [`**Next:** ${inline(nextStep)}`, '']),
    `Run \`${record.id}\` of \`${inline(record.definition)}\` on ${inline(record.host)}, ${formatDuration(Number(to - from) / 1e6)}.`,
    '',
    '## Findings',
    '',
  ]
  for (const { finding } of findings.filter((one) => one.finding.confident)) {
    const { rank, statement, kind, layer, confidence, sql } = finding
    lines.push(
      `${rank}. ${inline(statement)} (${kind}, ${layer}, ${(confidence * 100).toFixed(1)} % sure)`,
      '',
    )
    lines.push(...fenced('sql', sql).map((line) => `   ${line}`), '')
  }
  const unsure = findings.filter(({ finding }) => !finding.confident)
  if (unsure.length > 0)
    lines.push('Less sure:', '', ...unsure.map(({ finding }) => `- ${inline(finding.statement)}`), '')
  lines.push('## The ladder', '')
  for (const { id, rungs } of record.captures) {
    lines.push(
      `### ${id}`,
      '',
      '| collector | tier | result | rows | symptom after it |',
      '|---|---|---|---|---|',
    )
    for (const { collector, tier, status, rows, symptomAfter } of rungs) {
      const after = symptomAfter === null ? '' : symptomAfter ? 'still there' : '**gone**'
      lines.push(`| ${collector} | ${tier} | ${status} | ${rows} | ${after} |`)
    }
    lines.push('')
  }
  if (result.notLookedAt.length > 0) {
    lines.push('## Not looked at', '', '| collector | why | what to do |', '|---|---|---|')
    for (const { collector, why, remedy } of result.notLookedAt) {
      lines.push(`| ${cell(collector)} | ${cell(why)} | ${cell(remedy)} |`)
    }
    lines.push('')
  }
  lines.push('## Judged by', '')
  for (const { name, verdict, message } of record.checks)
    lines.push(`- ${inline(name)}: **${verdict}**, ${inline(message)}`)
  return `${lines.join('\n').trimEnd()}\n`
}

/** Text of a system under test, on one line and without a meaning in Markdown. */
const inline = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`)

const cell = inline

/** A fence longer than any in the text. */
function fenced(language: string, text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, ...text.split('\n'), fence]
}
