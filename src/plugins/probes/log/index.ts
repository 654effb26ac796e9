/** Watches a log file: for a pattern in its new lines, or for whether it grows. */
import { z } from 'zod'
import { defineProbe } from '../../../plugin/define.ts'
import { pattern } from '../../pattern.ts'
import { LogProbe } from './probe.ts'

const properties = z
  .strictObject({
    path: z.string().min(1).describe('file to watch, on the node'),
    pattern: pattern
      .optional()
      .describe('regular expression; new lines that match it are counted as `probe_log_matches`'),
    expect: z
      .enum(['no-match', 'match', 'growth', 'silence'])
      .optional()
      .describe(
        'what is success: no new line matches (the default with `pattern`), a new line matches, the file has grown ' +
          '(the default without), or has not. Lines that were there before the first attempt are not new',
      ),
    missing: z
      .enum(['fail', 'ok'])
      .default('fail')
      .describe('what a file that does not exist is; `ok` for logs that are made with their first line'),
  })
  .refine(({ pattern: given, expect }) => given !== undefined || !expect?.endsWith('match'), {
    error: '`expect` is about a match, which needs a `pattern`',
    path: ['expect'],
  })

export default defineProbe({
  id: 'log',
  summary: 'Log file: a pattern in new lines, growth or silence',
  needs: [],
  properties,
  target: ({ path, pattern: given }) => (given === undefined ? path : `${path} /${given}/`),
  subject: ({ path }) => ({ type: 'file', path }),
  open: async ({ node }, { path, pattern: given, expect, missing }) =>
    new LogProbe(node.files, {
      path,
      pattern: given === undefined ? undefined : new RegExp(given),
      expect: expect ?? (given === undefined ? 'growth' : 'no-match'),
      missingIsFailure: missing === 'fail',
    }),
})
