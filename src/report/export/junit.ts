/**
 * The verdict as JUnit XML, which every CI server reads (https://github.com/testmoapp/junitxml): one test case for each
 * check, and one for the run where no check says what it came to.
 */
import type { CaseData } from '../case-data.ts'
import type { CheckRecord } from '../../model/run.ts'
import { escape } from '../html/html.ts'
import { shortened } from '../text.ts'

const MOST_CHARACTERS = 20_000

/** A suite named after the definition; what is unknown is an error, for it is not a pass. */
export function junitXml({ record, result, span }: CaseData): string {
  const { checks } = record
  const said = checks.some(({ verdict }) => verdict === result.verdict)
  const reason = record.errors.map(({ state, message }) => `while ${state}: ${message}`).join('\n')
  const whole = { name: 'run', checker: 'quarry', verdict: result.verdict, message: reason || result.answer }
  const cases: readonly CheckRecord[] = said ? checks : [...checks, whole]
  const count = (verdict: string): number => cases.filter((one) => one.verdict === verdict).length
  const time = (Number(span.to - span.from) / 1e9).toFixed(3)
  const began = new Date(Number(span.from / 1_000_000n)).toISOString().slice(0, 19)
  const counts = `tests="${cases.length}" failures="${count('fail')}" errors="${count('unknown')}" skipped="0" time="${time}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="quarry" ${counts}>
  <testsuite name="${attribute(record.definition)}" ${counts} timestamp="${began}" hostname="${attribute(record.host)}">
    <properties>
      <property name="run" value="${attribute(record.id)}"/>
      <property name="directory" value="${attribute(result.directory)}"/>
    </properties>
${cases.map((one) => testCase(one, result.answer)).join('\n')}
  </testsuite>
</testsuites>
`
}

function testCase({ name, checker, verdict, message }: CheckRecord, answer: string): string {
  const open = `    <testcase name="${attribute(name)}" classname="${attribute(checker)}" time="0"`
  if (verdict === 'pass') return `${open}/>`
  const element = verdict === 'fail' ? 'failure' : 'error'
  const body = escape(shortened(verdict === 'fail' ? answer : message, MOST_CHARACTERS))
  return `${open}>
      <${element} type="${attribute(checker)}" message="${attribute(shortened(message, 1000))}">${body}</${element}>
    </testcase>`
}

/** A newline would be read as a blank in an attribute. */
const attribute = (text: string): string => escape(text).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')
