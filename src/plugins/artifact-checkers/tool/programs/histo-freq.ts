/** Draws each histogram-frequencies/*.json that hdrtool left as an SVG beside it. */
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'

const WIDTH = 900
const HEIGHT = 300

interface Frequencies {
  /** Lower bounds in ms, ascending. */
  readonly listOfBuckets: readonly number[]
  readonly listOfFrequencies: readonly number[]
}

const files = globSync('**/histogram-frequencies/*.json')
for (const file of files) {
  await writeFile(file.replace(/json$/, 'svg'), draw(JSON.parse(await readFile(file, 'utf8')) as Frequencies))
}
if (files.length === 0) {
  process.stderr.write('there is no histogram-frequencies/*.json: does hdrtool come before?\n')
  process.exitCode = 1
}

/** Bars over a logarithmic axis of latency. */
function draw({ listOfBuckets, listOfFrequencies }: Frequencies): string {
  const place = (value: number): number => Math.log10(Math.max(value, 1e-6))
  const low = place(listOfBuckets[0] ?? 0)
  const span = place(listOfBuckets.at(-1) ?? 1) - low || 1
  const most = listOfFrequencies.reduce((a, b) => Math.max(a, b), 1)
  const bars = listOfBuckets.map((value, index) => {
    const x = (((place(value) - low) / span) * WIDTH).toFixed(1)
    const height = (((listOfFrequencies[index] ?? 0) / most) * HEIGHT).toFixed(1)
    return `M${x} ${HEIGHT}v-${height}`
  })
  const label = `${listOfBuckets[0] ?? 0} ms to ${listOfBuckets.at(-1) ?? 0} ms, up to ${most} in a bucket`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 ${WIDTH + 20} ${HEIGHT + 50}">
<path d="${bars.join('')}" stroke="#2b6cb0" stroke-width="2"/><text y="${HEIGHT + 28}" font-family="sans-serif">${label}</text>
</svg>
`
}
