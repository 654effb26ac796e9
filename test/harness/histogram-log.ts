/** Prints a histogram log, as a load generator would leave it: `histogram-log.ts SEED INTERVALS OPERATIONS FACTOR TAG`. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { normal } from '../../src/diagnosis/synthetic-run.ts'

const [seed = '1', intervals = '60', operations = '100', factor = '1', tag = ''] = process.argv.slice(2)
const noise = normal(Number(seed))
const lines = ['#[Histogram log format version 1.3]', '#[StartTime: 1700000000.000 (seconds since epoch)]']
for (let at = 0; at < Number(intervals); at++) {
  const histogram = build({ numberOfSignificantValueDigits: 3 })
  for (let i = 0; i < Number(operations); i++) {
    histogram.recordValue(Math.round(1e6 * Number(factor) * Math.exp(0.4 * noise())))
  }
  const start = `${tag === '' ? '' : `Tag=${tag},`}${1_700_000_000 + at}.000,1.000`
  lines.push(`${start},${histogram.maxValue / 1e6},${encodeIntoCompressedBase64(histogram)}`)
}
process.stdout.write(`${lines.join('\n')}\n`)
