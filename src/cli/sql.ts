import { UserError } from '../base/errors.ts'
import { formatCsv, formatJson, formatTable, runSql } from '../evidence/sql.ts'
import { tableNames } from '../model/tables.ts'
import { exitCodes } from '../model/verdict.ts'
import { defaultRunsRoot, findRun, readRunRecord } from '../store/run-directory.ts'
import { defineCommand } from './command.ts'

const formats = { table: formatTable, csv: formatCsv, json: formatJson } as const
const isFormat = (word: string): word is keyof typeof formats => Object.hasOwn(formats, word)

export const command = defineCommand({
  arguments: {
    run: { summary: 'run directory, id, beginning of an id, or `last`' },
    query: { summary: 'a SELECT, in the SQL of DuckDB' },
  },
  options: {
    with: { value: 'run', many: true, summary: 'one more run: every table then has a leading column `run`' },
    format: { value: 'format', summary: `${Object.keys(formats).join(', ')}; table by default` },
    runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' },
  },
  details: `Any question to the evidence of a run. Its tables: ${tableNames.join(', ')}.
\`quarry docs tables\` tells their columns. Queries can only read, and only these tables:

  quarry sql last "select comm, errno, sum(count) n from syscalls where capture = 'sick-1' group by all order by n desc"`,
  run: async ({ run, query, with: more, format, runs }, context) => {
    const root = runs ?? defaultRunsRoot()
    const word = context.json ? 'json' : (format ?? 'table')
    if (!isFormat(word)) {
      const remedy = `one of ${Object.keys(formats).join(', ')}`
      throw new UserError(`--format ${word}: there is no such format`, { remedy })
    }
    const sources = await Promise.all(
      [run, ...more].map(async (name) => {
        const directory = await findRun(name, root)
        return { name: (await readRunRecord(directory)).id, directory }
      }),
    )
    const [first] = sources
    const answer = await runSql(more.length === 0 && first !== undefined ? first.directory : sources, query)
    for (const { file, why } of answer.unreadable) context.progress(`left out ${file}: ${why}`)
    context.print(formats[word](answer).trimEnd())
    return exitCodes.pass
  },
})
