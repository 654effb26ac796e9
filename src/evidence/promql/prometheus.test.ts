/** Feeds the same samples to a real Prometheus and to ours, and asks both the same questions. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { messageOf } from '../../base/errors.ts'
import { parsePrometheusAnswer } from '../../model/prometheus.ts'
import { startPrometheus, type PrometheusServer } from '../../../test/harness/prometheus-server.ts'
import { gridExpressions } from '../../../test/harness/promql-grid.ts'
import { randomExpressions } from '../../../test/harness/promql-random.ts'
import { promqlSamples, samplesFromMs, samplesToMs } from '../../../test/harness/promql-samples.ts'
import { sourceOf } from '../../../test/harness/series.ts'
import { formatExpr } from './format.ts'
import { evaluate, parsePromql, type Value } from './index.ts'
import { formatLabels, labelsKey } from './labels.ts'

const series = promqlSamples()
const source = sourceOf(series)

const stopped = new AbortController()
let server: PrometheusServer

beforeAll(async () => {
  server = await startPrometheus(stopped.signal)
  await server.write(series)
}, 120_000)

afterAll(async () => {
  stopped.abort(new Error('the tests are over'))
  await server[Symbol.asyncDispose]()
}, 60_000)

/** Starts, ends and middles: on samples, beside them, at the edge of the look-back, before and after everything. */
const instants = [
  samplesFromMs,
  samplesFromMs + 600_000,
  samplesFromMs + 1_000_000 - 123,
  samplesFromMs + 917_251,
  samplesToMs - 10_000,
  samplesToMs + 299_999,
]

type Answer = Value | { readonly type: 'error'; readonly message: string }

function ours(text: string, timeMs: number): Answer {
  const parsed = parsePromql(text)
  if ('problems' in parsed) {
    return { type: 'error', message: parsed.problems.map(({ message }) => message).join('; ') }
  }
  try {
    return evaluate(parsed.expr, source, timeMs)
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError')
      return { type: 'error', message: messageOf(error) }
    throw error
  }
}

async function theirs(text: string, timeMs: number): Promise<Answer> {
  const body = new URLSearchParams({ query: text, time: (timeMs / 1000).toFixed(3) })
  const response = await fetch(`${server.url}/api/v1/query`, { method: 'POST', body })
  return parsePrometheusAnswer(await response.text())
}

const near = (a: number, b: number): boolean =>
  Object.is(a, b) ||
  a === b ||
  (a !== a && b !== b) ||
  Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

/** One line for each difference. */
function differences(mine: Answer, other: Answer): string[] {
  if (mine.type !== other.type) return [`${describe(mine)} instead of ${describe(other)}`]
  if (mine.type === 'scalar' && other.type === 'scalar') {
    return near(mine.value, other.value) ? [] : [`${mine.value} instead of ${other.value}`]
  }
  if (mine.type !== 'vector' || other.type !== 'vector') return []
  const left = new Map(mine.samples.map((sample) => [labelsKey(sample.labels), sample]))
  const lines: string[] = []
  for (const { labels, value } of other.samples) {
    const match = left.get(labelsKey(labels))
    left.delete(labelsKey(labels))
    if (match === undefined) lines.push(`lacks ${formatLabels(labels)} ${value}`)
    else if (!near(match.value, value))
      lines.push(`${formatLabels(labels)}: ${match.value} instead of ${value}`)
  }
  for (const { labels, value } of left.values()) lines.push(`has ${formatLabels(labels)} ${value}`)
  return lines
}

function describe(answer: Answer): string {
  if (answer.type === 'error') return `error "${answer.message}"`
  return answer.type === 'scalar' ? `scalar ${answer.value}` : `vector of ${answer.samples.length}`
}

/** Asks both about each expression at some instants; gives what differs, and how much was compared. */
async function compare(
  expressions: readonly string[],
  instantsOf: (index: number) => readonly number[],
): Promise<{ readonly different: string[]; readonly nonEmpty: number }> {
  const different: string[] = []
  let nonEmpty = 0
  const one = async (text: string, timeMs: number): Promise<void> => {
    const [mine, other] = [ours(text, timeMs), await theirs(text, timeMs)]
    if (other.type === 'scalar' || (other.type === 'vector' && other.samples.length > 0)) nonEmpty++
    const lines = differences(mine, other)
    if (lines.length > 0)
      different.push(`${text} at +${timeMs - samplesFromMs} ms: ${lines.slice(0, 3).join(' | ')}`)
  }
  const jobs = expressions.flatMap((text, index) =>
    instantsOf(index).map((timeMs) => [text, timeMs] as const),
  )
  for (let index = 0; index < jobs.length; index += 16) {
    await Promise.all(jobs.slice(index, index + 16).map(([text, timeMs]) => one(text, timeMs)))
  }
  return { different, nonEmpty }
}

test(
  'gives the answers of Prometheus to every function, operator and modifier',
  { timeout: 300_000 },
  async () => {
    const expressions = gridExpressions()
    const { different, nonEmpty } = await compare(expressions, (index) => [
      instants[index % instants.length] ?? samplesFromMs,
      samplesFromMs + 917_251,
    ])
    expect(different).toEqual([])
    expect(nonEmpty).toBeGreaterThan(expressions.length / 2)
  },
)

test.each([
  { count: 1500, seed: 42, depth: 3 },
  { count: 500, seed: 7, depth: 5 },
])(
  'gives the answers of Prometheus to random compositions of depth $depth',
  { timeout: 300_000 },
  async (kind) => {
    const expressions = randomExpressions(kind.count, kind.seed, kind.depth)
    const { different, nonEmpty } = await compare(expressions, (index) => [
      instants[1 + (index % (instants.length - 1))] ?? samplesFromMs,
    ])
    expect(different).toEqual([])
    expect(nonEmpty).toBeGreaterThan(expressions.length / 3)
  },
)

test('writes expressions that Prometheus reads as the same', { timeout: 300_000 }, async () => {
  const texts = [...gridExpressions(), ...randomExpressions(300, 7)]
  const rewritten: string[] = []
  for (const text of texts) {
    const parsed = parsePromql(text)
    if ('expr' in parsed) rewritten.push(formatExpr(parsed.expr))
  }
  const { different } = await compare(rewritten, () => [samplesFromMs + 600_000])
  expect(different).toEqual([])
  for (const text of rewritten) {
    const again = parsePromql(text)
    expect('expr' in again ? formatExpr(again.expr) : again.problems).toBe(text)
  }
})
