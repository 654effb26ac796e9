/** Judges whether registers behaved as if each operation had happened at one moment between its beginning and its end. */
import { createHash } from 'node:crypto'
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { formatDuration } from '../../../base/duration.ts'
import type { CheckContext } from '../../../plugin/checker.ts'
import { defineChecker } from '../../../plugin/define.ts'
import { duration, refersTo } from '../../../plugin/properties.ts'
import { attemptsByKey, momentsIn, momentsOf, type Attempt, type Moment } from './attempts.ts'
import { search, type Answer } from './search.ts'
import { inWords, timeline } from './timeline.ts'

const properties = z.strictObject({
  files: z
    .string()
    .regex(/^(?![/])(?!.*\.\.)/, { error: 'is not a pattern below the run directory' })
    .optional()
    .describe(
      'pattern, below the run directory, of files with lines `{"client", "type", "f", "key", "value", "time"}`, such as `nodes/client/*/history.jsonl`; the operations of the run when left out',
    ),
  processes: refersTo('module', z.string().optional()).describe(
    'aliases of the modules whose operations count, with commas; all when left out',
  ),
  initial: z.unknown().optional().describe('value of a register before the first write; null when left out'),
  timeout: duration.prefault('1m').describe('time for all registers; after it the verdict is unknown'),
  states: z
    .int()
    .min(1000)
    .default(2_000_000)
    .describe('states that are remembered, some 100 bytes each; with more the verdict is unknown'),
})
type Properties = z.infer<typeof properties>

export default defineChecker({
  id: 'linearizability',
  summary:
    'reads, writes and compare-and-sets of registers can be put in an order that explains what each saw',
  needs: [],
  properties,
  check: async (context, given) => {
    const moments = await momentsFor(context, given)
    const registers = attemptsByKey(moments)
    if (registers.size === 0) return { verdict: 'unknown', message: 'there were no operations on registers' }
    const until = performance.now() + given.timeout
    const unknown: string[] = []
    const initial = JSON.stringify(given.initial ?? null)
    for (const [key, attempts] of registers) {
      const bounds = { timeoutMs: until - performance.now(), states: given.states }
      const answer = await search(attempts, initial, bounds)
      if (answer.linearizable === 'no') {
        const picture = await draw(context.directory, given, key, attempts, answer)
        return { verdict: 'fail', message: `${sentence(key, attempts, answer)}; see ${picture}` }
      }
      if (answer.linearizable === 'unknown') unknown.push(`${nameOf(key)} (${answer.why})`)
    }
    if (unknown.length > 0) {
      const message = `gave up on ${unknown.slice(0, 3).join(', ')} after at most ${formatDuration(given.timeout)}`
      return { verdict: 'unknown', message: `${message}; use more keys with fewer operations each` }
    }
    const count = [...registers.values()].reduce((sum, { length }) => sum + length, 0)
    return { verdict: 'pass', message: `${count} operations on ${registers.size} registers are linearizable` }
  },
})

async function momentsFor({ directory, history }: CheckContext, given: Properties): Promise<Moment[]> {
  const wanted = given.processes?.split(',').map((name) => name.trim())
  if (given.files === undefined) {
    return momentsOf(history.filter(({ process }) => wanted?.includes(process) ?? true))
  }
  const found: Moment[] = []
  for await (const name of glob(given.files, { cwd: directory })) {
    const text = await readFile(join(directory, name), 'utf8')
    // Clients of different files are different ones, also with the same number.
    for (const moment of momentsIn(name, text)) found.push({ ...moment, client: `${name} ${moment.client}` })
  }
  return found
}

type No = Extract<Answer, { linearizable: 'no' }>

const nameOf = (key: string): string => (key === 'null' ? 'the register' : `register ${key}`)

function sentence(key: string, attempts: readonly Attempt[], { order, stuck, value }: No): string {
  const before = order.slice(-4).map(inWords)
  const among = attempts.filter(
    (one) =>
      one !== stuck &&
      !order.includes(one) &&
      one.call <= (stuck.end ?? one.call) &&
      (one.end === undefined || one.end >= stuck.call),
  )
  const after =
    before.length === 0 ? 'at the beginning' : `after ${order.length > 4 ? '..., ' : ''}${before.join(', ')}`
  const also =
    among.length === 0
      ? ''
      : `, nor after any of ${among.slice(0, 5).map(inWords).join(', ')} at the same time`
  return `${nameOf(key)} is not linearizable: ${inWords(stuck)} by client ${stuck.client} cannot come ${after}, with value ${value}${also}`
}

/** Draws the register into the run directory, and gives the name of the file. */
async function draw(
  directory: string,
  given: Properties,
  key: string,
  attempts: readonly Attempt[],
  answer: No,
): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify([given, key]))
    .digest('hex')
    .slice(0, 8)
  const name = join('checks', `linearizability-${hash}.svg`)
  await mkdir(join(directory, 'checks'), { recursive: true })
  const title = `${nameOf(key)}: ${inWords(answer.stuck)} cannot come next; the value is ${answer.value}`
  await writeFile(join(directory, name), timeline(title, attempts, answer.order, answer.stuck))
  return name
}
