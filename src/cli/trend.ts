import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { UserError, messageOf } from '../base/errors.ts'
import { trendOf } from '../hunt/trend/trend.ts'
import type { ResultTable, Trend } from '../model/trend.ts'
import { exitCodes } from '../model/verdict.ts'
import { visibleLine } from '../report/text.ts'
import { tableOfCsv } from '../report/trend/table-of-csv.ts'
import { tableOfRuns } from '../report/trend/table-of-runs.ts'
import { trendPage } from '../report/trend/page.ts'
import { trendText } from '../report/trend/text.ts'
import { defaultRunsRoot, endedRuns } from '../store/run-directory.ts'
import { defineCommand } from './command.ts'
import { table } from './table.ts'

export const command = defineCommand({
  arguments: {
    definition: { optional: true, summary: 'the definition whose runs are looked at; or --csv' },
  },
  options: {
    csv: { value: 'file', summary: 'results of whatever made them, a row for each night or result' },
    time: { value: 'column', summary: 'its column of time or index; by its name, or the first one' },
    attribute: {
      value: 'column',
      many: true,
      summary: 'a column of it that explains, although it holds numbers',
    },
    better: {
      value: 'series=higher|lower',
      many: true,
      summary: 'which way a series becomes better; of our own runs it is known',
    },
    level: { value: 'percent', summary: 'false alarms of a series without a change; 1' },
    recent: {
      value: 'points',
      summary: 'a change for the worse fails when it may lie in so many last points; 30',
    },
    tolerance: { value: 'percent', summary: 'how much worse is no failure; 0' },
    most: { value: 'points', summary: 'the last so many runs; 1000' },
    output: { short: 'o', value: 'file', summary: 'an HTML page with a chart of each series' },
    runs: { value: 'directory', summary: 'where run directories are; ./runs, or QUARRY_RUNS' },
  },
  details: `Change points in the results of many nights: pass rate, symptoms, duration, throughput and latencies of each
histogram log, or the columns of a CSV file; with what else changed there: parameters, facts of the host, versions.

  quarry trend nightly.yaml -o trend.html
  quarry trend --csv results.csv --better ops=higher --better p99_ms=lower

The exit code is 1 when the last change of a series is for the worse and recent, 0 when there is none such, 2 when no
series has enough results to be judged (8). Whether the values remember the ones before them is taken into account.`,
  run: async (values, context) => {
    const trend = trendOf(await resultsOf(values, context.progress), {
      title: titleOf(values),
      level: shareOf('level', values.level, 1),
      recent: countOf('recent', values.recent, 30),
      tolerance: shareOf('tolerance', values.tolerance, 0),
    })
    if (values.output !== undefined) await writePage(values.output, trendPage(trend))
    if (context.json) context.printJson(trend)
    else context.print(printed(trend))
    return exitCodes[trend.verdict]
  },
})

interface Sources {
  readonly definition: string | undefined
  readonly csv: string | undefined
  readonly time: string | undefined
  readonly attribute: readonly string[]
  readonly better: readonly string[]
  readonly most: string | undefined
  readonly runs: string | undefined
}

async function resultsOf(
  { definition, csv, time, attribute, better, most, runs }: Sources,
  progress: (line: string) => void,
): Promise<ResultTable> {
  const ways = waysOf(better)
  if (csv !== undefined && definition === undefined) {
    return await tableOfCsv(csv, { time, attributes: attribute, better: ways })
  }
  if (definition === undefined || csv !== undefined) {
    throw new UserError('name a definition, or a file by --csv', { remedy: 'quarry trend nightly.yaml' })
  }
  const root = runs ?? defaultRunsRoot()
  const ended = await endedRuns(root, definition, countOf('most', most, 1000))
  if (ended.length === 0) {
    throw new UserError(`there is no run of ${basename(definition)} that ended in ${root}`, {
      code: 'QUARRY_NO_RUN',
      remedy: '`quarry run` makes one; --runs DIRECTORY or QUARRY_RUNS says where runs are',
    })
  }
  const results = await tableOfRuns(ended, progress)
  const unknown = [...ways.keys()].find((name) => !results.series.some((one) => one.name === name))
  if (unknown !== undefined) {
    throw new UserError(`--better ${unknown}: there is no such series`, {
      remedy: `one of ${results.series.map(({ name }) => name).join(', ')}`,
    })
  }
  return {
    ...results,
    series: results.series.map((one) => ({ ...one, better: ways.get(one.name) ?? one.better })),
  }
}

const titleOf = ({ definition, csv }: Sources): string => `Trend of ${basename(csv ?? definition ?? '')}`

function waysOf(words: readonly string[]): ReadonlyMap<string, 'higher' | 'lower'> {
  return new Map(
    words.map((word) => {
      const [, name = '', way] = /^(.+)=(higher|lower)$/.exec(word) ?? []
      if (way === 'higher' || way === 'lower') return [name, way]
      throw new UserError(`--better ${word}: expected series=higher or series=lower`)
    }),
  )
}

function shareOf(option: string, text: string | undefined, usual: number): number {
  const percent = Number(text?.replace(/\s*%$/, '') ?? usual)
  if (percent >= 0 && percent < 100 && (option !== 'level' || percent > 0)) return percent / 100
  throw new UserError(`--${option} ${text}: expected a percentage, such as 5`)
}

function countOf(option: string, text: string | undefined, usual: number): number {
  const count = Number(text ?? usual)
  if (Number.isInteger(count) && count > 0) return count
  throw new UserError(`--${option} ${text}: expected a number of points, such as 30`)
}

function printed(trend: Trend): string {
  const { head, changes, series } = trendText(trend)
  return [
    head,
    ...(changes.length === 0 ? [] : ['', ...changes]),
    '',
    table(series),
    ...trend.notes.slice(0, 20).map((note) => `\n${visibleLine(note)}`),
  ].join('\n')
}

async function writePage(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: unknown) => {
    throw new UserError(`cannot write ${file}: ${messageOf(error)}`, {
      remedy: 'give -o a file that can be written',
      cause: error,
    })
  })
}
