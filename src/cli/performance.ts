import { writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { parseDuration } from '../base/duration.ts'
import { UserError, messageOf } from '../base/errors.ts'
import { exitCodes } from '../model/verdict.ts'
import { loadPerformance } from '../report/performance/performance.ts'
import { answerOf, summaryRows } from '../report/performance/statement.ts'
import { performanceFormats, type PerformanceFormat } from '../report/performance/write.ts'
import { visibleLine } from '../report/text.ts'
import { defaultRunsRoot, findRun, readRunRecord } from '../store/run-directory.ts'
import { defineCommand } from './command.ts'
import { table } from './table.ts'

const names = Object.keys(performanceFormats)
const isFormat = (word: string): word is PerformanceFormat => names.includes(word)

export const command = defineCommand({
  arguments: {
    run: {
      many: true,
      summary: 'run directories, ids, beginnings of ids, or `last`; the first is the baseline',
    },
  },
  options: {
    format: { value: 'format', summary: `${names.join(', ')}; by the ending of --output, or a table` },
    output: { short: 'o', value: 'file', summary: 'where it goes; standard output otherwise' },
    skip: { value: 'duration', summary: 'time left out at the beginning of each run, such as 30s' },
    tolerance: { value: 'percent', summary: 'how much worse than the baseline is no failure; 0' },
    runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' },
  },
  details: `Throughput and latencies out of the histogram logs (*.hdr) that the nodes of each run left, of all nodes together:

  quarry performance last                            one run
  quarry performance 20261120-0300 20261121-0300 -o nights.html

With two or more runs each metric is compared with that of the first one. The exit code is 1 when something is worse for
sure, 0 when nothing is known to be, 2 when it could not be judged.`,
  run: async ({ run: words, format, output, skip, tolerance, runs }, context) => {
    const word = context.json ? 'json' : (format ?? (output && (extname(output).slice(1) || 'html')))
    if (word !== undefined && !isFormat(word)) {
      throw new UserError(`there is no format ${word}`, {
        remedy: `--format with one of ${names.join(', ')}`,
      })
    }
    const root = runs ?? defaultRunsRoot()
    const sources = await Promise.all(
      words.map(async (one) => {
        const directory = await findRun(one, root)
        return { name: (await readRunRecord(directory)).id, directory: join(directory, 'nodes') }
      }),
    )
    const options = { skip: skipOf(skip), tolerance: toleranceOf(tolerance) }
    const performance = await loadPerformance(titleOf(sources.map(({ name }) => name)), sources, options)
    const code = exitCodes[performance.verdict]
    const text = word === undefined ? undefined : performanceFormats[word](performance)
    if (text === undefined) {
      context.print(
        [
          ...(words.length > 1 ? [performance.verdict, ''] : []),
          answerOf(performance),
          '',
          table(summaryRows(performance).map((row) => row.map(visibleLine))),
          ...performance.notes.map((note) => `\n${visibleLine(note)}`),
        ].join('\n'),
      )
    } else if (output === undefined) context.print(text.trimEnd())
    else await writeReport(output, text)
    return code
  },
})

const titleOf = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? `Performance of ${first}` : `Performance of ${others.join(', ')} against ${first}`

function skipOf(text: string | undefined): number {
  const milliseconds = text === undefined ? 0 : parseDuration(text)
  if (milliseconds === undefined) throw new UserError(`--skip ${text}: expected a duration, such as 30s`)
  return milliseconds / 1000
}

function toleranceOf(text: string | undefined): number {
  const percent = Number(text?.replace(/\s*%$/, '') ?? 0)
  if (percent >= 0 && percent < 1000) return percent / 100
  throw new UserError(`--tolerance ${text}: expected a percentage, such as 5`)
}

async function writeReport(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: unknown) => {
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, {
      remedy: 'give -o a file that can be written',
      cause: error,
    })
  })
}
