/** Passes when the values of all operations that succeeded, put together, match a pattern. */
import { z } from 'zod'
import { defineChecker } from '../../../plugin/define.ts'
import { refersTo } from '../../../plugin/properties.ts'
import { matchWithin } from '../../matching/match.ts'
import { pattern } from '../../pattern.ts'

/** Time for one match, in ms: a pattern may take for ever. */
const MATCH_MS = 10_000

export default defineChecker({
  id: 'regex',
  summary: 'the texts of the operations that succeeded, put together, match a pattern as a whole',
  needs: [],
  properties: z.strictObject({
    regex: pattern.default('.*').describe('regular expression for the whole text'),
    processes: refersTo('module', z.string().optional()).describe(
      'aliases of the modules whose operations count, with commas; all when left out',
    ),
    'forbid.duplicate_characters': z
      .boolean()
      .default(false)
      .describe('whether no character may come twice in the text'),
  }),
  check: async ({ history }, given) => {
    const names = given.processes?.split(',').map((name) => name.trim())
    const text = history
      .filter(({ kind, value, process }) => {
        return kind === 'ok' && typeof value === 'string' && (names?.includes(process) ?? true)
      })
      .map(({ value }) => String(value))
      .join('')
    const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text
    const matches = await matchWithin(`^(?:${given.regex})$`, 's', text, MATCH_MS)
    if (matches === undefined) {
      return { verdict: 'unknown', message: `the pattern takes longer than ${MATCH_MS / 1000}s on this text` }
    }
    if (!matches) return { verdict: 'fail', message: `\`${shown}\` does not match \`${given.regex}\`` }
    const twice = /(.).*\1/su.exec(text)?.[1]
    if (given['forbid.duplicate_characters'] && twice !== undefined) {
      return { verdict: 'fail', message: `\`${twice}\` comes twice in \`${shown}\`` }
    }
    return { verdict: 'pass', message: `\`${shown}\` matches` }
  },
})
