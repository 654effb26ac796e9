import { UserError } from '../base/errors.ts'
import { exitCodes } from '../model/verdict.ts'
import { loadCase } from '../report/case-data.ts'
import { reportFormats, writeCaseFiles, type ReportFormat } from '../report/write.ts'
import { defaultRunsRoot, findRun } from '../store/run-directory.ts'
import { defineCommand } from './command.ts'
import { writeReport } from './write-report.ts'

const names = Object.keys(reportFormats)
const isFormat = (word: string): word is ReportFormat => names.includes(word)

export const command = defineCommand({
  arguments: { run: { summary: 'run directory, id, beginning of an id, or `last`' } },
  options: {
    format: {
      value: 'format',
      summary: `${names.join(', ')}; html and markdown are written into the run otherwise`,
    },
    output: { short: 'o', value: 'file', summary: 'where it goes; standard output otherwise' },
    runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' },
  },
  details: `The case file of a run:\n\n${Object.entries(reportFormats)
    .map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`)
    .join('\n')}`,
  run: async ({ run, format, output, runs }, context) => {
    const directory = await findRun(run, runs ?? defaultRunsRoot())
    const chosen = context.json ? 'json' : format
    if (chosen === undefined && output === undefined) {
      await writeCaseFiles(directory)
      context.print(`${directory}/case.html\n${directory}/case.md`)
      return exitCodes.pass
    }
    const word = chosen ?? 'html'
    if (!isFormat(word)) {
      throw new UserError(`--format ${word}: there is no such format`, {
        remedy: `one of ${names.join(', ')}`,
      })
    }
    const text = reportFormats[word].write(await loadCase(directory))
    if (output === undefined) context.print(text.trimEnd())
    else await writeReport(output, text)
    return exitCodes.pass
  },
})
