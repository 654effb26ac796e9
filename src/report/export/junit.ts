/** The verdict as JUnit XML, which every CI server reads: one test case for each check. */
import { escape } from '../html/html.ts'
import type { CaseData } from '../case-data.ts'

/** A suite named after the definition; what is unknown is an error, for it is not a pass. */
export function junitXml({ record, result, from, to }: CaseData): string {
  const count = (verdict: string): number => record.checks.filter((one) => one.verdict === verdict).length
  const time = (Number(to - from) / 1e9).toFixed(3)
  const cases = record.checks.map(({ name, checker, verdict, message }) => {
    const open = `    <testcase name="${escape(name)}" classname="${escape(checker)}"`
    if (verdict === 'pass') return `${open}/>`
    const element = verdict === 'fail' ? 'failure' : 'error'
    const body = verdict === 'fail' ? result.answer : message
    return `${open}>\n      <${element} message="${escape(message)}">${escape(body)}</${element}>\n    </testcase>`
  })
  const counts = `tests="${record.checks.length}" failures="${count('fail')}" errors="${count('unknown')}" time="${time}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="${escape(record.definition)}" ${counts} hostname="${escape(record.host)}" id="${escape(record.id)}">
${cases.join('\n')}
  </testsuite>
</testsuites>
`
}
