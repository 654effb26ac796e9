/** Performance reports in every form that they have. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { performanceCsv } from './csv.ts'
import { cockpitAggregates, distributionText, frequencies } from './distribution.ts'
import { performanceJson } from './json.ts'
import { performancePage } from './page.ts'
import { loadPerformance, type Performance, type PerformanceSource } from './performance.ts'

/** What a report can be written as, by the word that a user types, which also ends the file's name. */
export const performanceFormats = {
  html: performancePage,
  json: performanceJson,
  csv: performanceCsv,
} as const satisfies Record<string, (performance: Performance) => string>

export type PerformanceFormat = keyof typeof performanceFormats

/**
 * Writes the report of what is below a directory into it, in all forms, and beside it the distributions that Fallout
 * leaves. Gives the names of the series. Throws a UserError when there is no histogram log.
 */
export async function writePerformanceReport(
  { name, directory }: PerformanceSource,
  prefix: string,
): Promise<string[]> {
  const performance = await loadPerformance(`Performance of ${name}`, [{ name, directory }], {
    skip: 0,
    tolerance: 0,
    baseline: 1,
  })
  for (const [format, write] of Object.entries(performanceFormats)) {
    await writeFile(join(directory, `${prefix}.${format}`), write(performance))
  }
  const [run] = performance.runs
  if (run === undefined) return []
  await writeFile(join(directory, 'cockpit-aggregates.json'), `${JSON.stringify(cockpitAggregates(run))}\n`)
  const folders = ['aggregated-histograms', 'histogram-frequencies'].map((folder) => join(directory, folder))
  for (const folder of folders) await mkdir(folder, { recursive: true })
  for (const series of run.series) {
    // A tag may be anything, also a path that leads elsewhere.
    const file = series.name.replaceAll(/[^\w.:@=-]/g, '_').slice(0, 200)
    await writeFile(join(folders[0] ?? '', `${file}.txt`), distributionText(series))
    await writeFile(join(folders[1] ?? '', `${file}.json`), `${JSON.stringify(frequencies(series))}\n`)
  }
  return run.series.map((series) => series.name)
}
