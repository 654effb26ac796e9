import { extname, join } from 'node:path'
import { UserError } from '../base/errors.ts'
import { exitCodes } from '../model/verdict.ts'
import { LEAST_RUNS } from '../report/performance/between-runs.ts'
import { loadPerformance, type PerformanceSource } from '../report/performance/performance.ts'
import { answerOf, summaryRows } from '../report/performance/statement.ts'
import { performanceFormats, type PerformanceFormat } from '../report/performance/write.ts'
import { visibleLine } from '../report/text.ts'
import { defaultRunsRoot, findRun, readRunRecord } from '../store/run-directory.ts'
import { defineCommand, durationOption } from './command.ts'
import { table } from './table.ts'
import { writeReport } from './write-report.ts'

const names = Object.keys(performanceFormats)
const isFormat = (word: string): word is PerformanceFormat => names.includes(word)

export const command = defineCommand({
  arguments: {
    run: {
      many: true,
      summary:
        'run directories, ids, beginnings of ids, or `last`; the first, or more of them, are the baseline',
    },
  },
  options: {
    format: { value: 'format', summary: `${names.join(', ')}; by the ending of --output, or a table` },
    output: { short: 'o', value: 'file', summary: 'where it goes; standard output otherwise' },
    skip: { value: 'duration', summary: 'time left out at the beginning of each run, such as 30s' },
    tolerance: { value: 'percent', summary: 'how much worse than the baseline is no failure; 0' },
    baseline: {
      value: 'number',
      summary: 'so many runs, from the first on, are the baseline together, and the others are one side; 1',
    },
    runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' },
  },
  details: `Throughput and latencies out of the histogram logs (*.hdr) that the nodes of each run left, of all nodes together:

  quarry performance last                            one run
  quarry performance 20261120-0300 20261121-0300 -o nights.html
  quarry performance old-1 old-2 old-3 new-1 new-2 new-3 --baseline 3

With two or more runs each metric is compared with that of the first one. How much runs of one system differ from each
other is only known with several runs on each side: then the run is the unit that is counted. The exit code is 1 when
something is worse for sure, 0 when nothing is known to be, 2 when it could not be judged.`,
  run: async ({ run: words, format, output, skip, tolerance, baseline, runs }, context) => {
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
    const options = {
      skip: skipOf(skip),
      tolerance: toleranceOf(tolerance),
      baseline: baselineOf(baseline, sources.length),
    }
    const performance = await loadPerformance(titleOf(sources, options.baseline), sources, options)
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

function titleOf(sources: readonly PerformanceSource[], baseline: number): string {
  const names = (some: readonly PerformanceSource[]): string => some.map(({ name }) => name).join(', ')
  const [first, others] = [names(sources.slice(0, baseline)), names(sources.slice(baseline))]
  return others === '' ? `Performance of ${first}` : `Performance of ${others} against ${first}`
}

function baselineOf(text: string | undefined, runs: number): number {
  const count = Number(text ?? 1)
  if (count === 1 || (Number.isInteger(count) && count >= LEAST_RUNS && runs - count >= LEAST_RUNS))
    return count
  throw new UserError(`--baseline ${text}: of ${runs} runs, ${LEAST_RUNS} or more have to be on each side`, {
    remedy: 'quarry performance old-1 old-2 old-3 new-1 new-2 new-3 --baseline 3',
  })
}

const skipOf = (text: string | undefined): number => durationOption('--skip', text ?? '0', '30s') / 1000

function toleranceOf(text: string | undefined): number {
  const percent = Number(text?.replace(/\s*%$/, '') ?? 0)
  if (percent >= 0 && percent < 1000) return percent / 100
  throw new UserError(`--tolerance ${text}: expected a percentage, such as 5`)
}
