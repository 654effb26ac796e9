/** Passes when a query over the evidence of the run gives what is expected. */
import { z } from 'zod'
import { defineChecker } from '../../../plugin/define.ts'

export default defineChecker({
  id: 'sql',
  summary: 'a query over the operations, or any other table of the run, gives what is expected',
  needs: [],
  properties: z.strictObject({
    query: z
      .string()
      .min(1)
      .describe(
        "a SELECT in the SQL of DuckDB, such as `select count(*) from operations where kind = 'fail'`",
      ),
    expect: z.string().describe('what its first column has in its first row, without regard to case'),
  }),
  check: async (context, { query, expect }) => {
    const [first] = await context.query(query)
    if (first === undefined) return { verdict: 'fail', message: `the query gives no row; expected ${expect}` }
    const [value] = Object.values(first)
    // Integers of 64 bits come as bigint, of which JSON knows nothing.
    const found =
      typeof value === 'bigint' || typeof value === 'string' ? String(value) : JSON.stringify(value)
    const message = `the query gives ${found}`
    return found.toLowerCase() === expect.toLowerCase()
      ? { verdict: 'pass', message }
      : { verdict: 'fail', message: `${message}; expected ${expect}` }
  },
})
