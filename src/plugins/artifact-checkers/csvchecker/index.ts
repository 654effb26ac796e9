/** Passes when queries over CSV files give what is expected. */
import { basename, dirname, matchesGlob } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../../base/errors.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'
import { filesOf } from '../../matching/files.ts'

export default defineArtifactChecker({
  id: 'csvchecker',
  summary: 'queries in the SQL of DuckDB over CSV files give what is expected',
  needs: [],
  properties: z.strictObject({
    file: z.string().min(1).describe('glob for the names of the files, such as `result-*.csv`'),
    query: z
      .string()
      .min(1)
      .describe(
        'SELECT, or several with `|` between them; a table is named as its file, with `_` for `.` and `-`; columns are texts',
      ),
    expect: z.string().describe('what each query has in its first cell, without regard to case'),
    separator: z.string().length(1).default(',').describe('character between the columns'),
  }),
  check: async (context, { file, query, expect, separator }) => {
    const files = (await Promise.all(context.groups.map(filesOf))).flat()
    const wanted = files.filter(({ path }) => matchesGlob(basename(path), file))
    if (wanted.length === 0) return { verdict: 'fail', message: `there is no file ${file}` }
    // Files of one name, from several nodes, are judged each: they lie in different directories.
    const byDirectory = Map.groupBy(wanted, ({ path }) => dirname(path))
    const problems: string[] = []
    for (const [directory, members] of byDirectory) {
      const tables = new Map(members.map(({ path }) => [basename(path).replaceAll(/[.-]/g, '_'), path]))
      // A `|` between queries; two of them put texts together.
      for (const sql of query.split(/(?<!\|)\|(?!\|)/)) {
        try {
          const found = await context.queryCsv({ tables, separator, sql })
          if (found?.toLowerCase() === expect.toLowerCase()) continue
          const gives =
            found === undefined ? 'no row' : found === null ? 'NULL' : `\`${found.slice(0, 200)}\``
          problems.push(`${basename(directory)}: \`${sql.trim()}\` gives ${gives}; expected \`${expect}\``)
        } catch (error) {
          problems.push(`${basename(directory)}: ${messageOf(error)}`)
        }
      }
    }
    for (const problem of problems) context.log(problem)
    const [first] = problems
    return first === undefined
      ? { verdict: 'pass', message: `${wanted.length} file(s) give ${expect}` }
      : { verdict: 'fail', message: first }
  },
})
