/**
 * How long a system needs to recover: chaotic periods in the CSV files of hdr_split_to_csv, into `mttr.csv`.
 *
 * A row is an outlier when its mean latency is more than three standard deviations from that of all rows, or its
 * throughput more than one. The first and the last 30 seconds do not count.
 */
import { globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { linesOf, openFile } from '../../../../base/lines.ts'
import { chaoticPeriods, type Row } from './chaotic-periods.ts'

const results: string[] = [
  'File,MTTR,Total chaotic period duration,Number of chaotic periods,Chaotic periods timestamps',
]
const files = process.argv.slice(2).flatMap((pattern) => globSync(pattern))
for (const file of files.toSorted()) {
  const periods = chaoticPeriods(await read(file))
  const total = periods.reduce((sum, { from, to }) => sum + to - from, 0)
  const times = periods.map(({ from, to }) => `${from}-${to}`).join(' ')
  const mean = periods.length === 0 ? 0 : total / periods.length
  results.push([file, mean.toFixed(3), total.toFixed(3), periods.length, times].join(','))
}
await writeFile('mttr.csv', `${results.join('\n')}\n`)
if (files.length === 0) {
  process.stderr.write('no file matches\n')
  process.exitCode = 1
}

async function read(file: string): Promise<Row[]> {
  const rows: Row[] = []
  let header: readonly string[] | undefined
  for await (const lines of linesOf(openFile(file), 10_000)) {
    for (const line of lines) {
      const cells = line.split(',')
      const names = (header ??= cells)
      const cell = (name: string): number => Number(cells[names.indexOf(name)])
      if (names !== cells)
        rows.push({ at: cell('Timestamp'), latency: cell('Avg'), throughput: cell('Throughput') })
    }
  }
  return rows
}
