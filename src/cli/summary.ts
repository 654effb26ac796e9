/** What a person reads in the terminal when a run has ended. */
import { join } from 'node:path'
import { styleText } from 'node:util'
import type { Finding } from '../model/finding.ts'
import type { RunResult } from '../model/run.ts'
import { oneLine } from './progress/live.ts'

const MOST_FINDINGS = 12
const colors = { pass: 'green', unknown: 'yellow', fail: 'red' } as const

/** The verdict, the answer, the confident findings, what was not looked at, and where the case file is. */
export function summaryOf(result: RunResult): string {
  const { verdict, run, answer, findings, notLookedAt, directory } = result
  const confident = findings.filter((finding) => finding.confident)
  const lines = [
    '',
    `${styleText(['bold', colors[verdict]], verdict.toUpperCase())}  ${run}`,
    '',
    wrap(oneLine(answer), 100),
  ]
  if (confident.length > 0) {
    lines.push('', styleText('bold', 'Findings'), ...confident.slice(0, MOST_FINDINGS).map(findingLine))
  }
  const others = findings.length - Math.min(confident.length, MOST_FINDINGS)
  if (others > 0) lines.push(styleText('dim', `  and ${others} more, less sure, in the case file`))
  if (notLookedAt.length > 0) {
    lines.push('', styleText('bold', 'Not looked at'))
    for (const { collector, why, remedy } of notLookedAt) {
      lines.push(`  ${collector}: ${oneLine(why)}; ${oneLine(remedy)}`)
    }
  }
  lines.push('', `Case file  ${join(directory, 'case.html')}`, `Evidence   ${directory}`)
  return lines.join('\n')
}

function findingLine({ rank, kind, statement, confidence }: Finding): string {
  const sure = confidence >= 0.9995 ? '>99.9 %' : `${(confidence * 100).toFixed(1)} %`
  return wrap(
    `${String(rank).padStart(3)}. ${oneLine(statement)} ${styleText('dim', `(${kind}, ${sure})`)}`,
    100,
    '     ',
  )
}

/** Breaks at blanks; a word longer than the width keeps a line for itself. */
function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line)
      line = indent + word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
