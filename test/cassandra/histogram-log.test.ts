/** What a load logs is read by HdrHistogram itself, which Maven brings: the same intervals with the same values. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mean, percentile } from '../../src/base/hdr/histogram.ts'
import { readHistogramLog } from '../../src/base/hdr/log.ts'
import httpLoad from '../../src/plugins/modules/http-load/index.ts'
import { runModule } from '../harness/run-module.ts'
import { serveHttp } from '../harness/servers.ts'

const VERSION = '2.2.2'
const LEVELS = [50, 90, 99, 99.9, 100]

/** The log of a load with operations of two kinds, some of which fail. */
async function loggedText(): Promise<string> {
  let asked = 0
  await using server = await serveHttp((_request, response) => {
    asked += 1
    response.writeHead(asked % 10 === 0 ? 500 : 200).end()
  })
  await using run = await runModule(httpLoad, {
    from: 'server',
    urls: [`http://127.0.0.1:${server.port}`],
    rate: 200,
    operations: 300,
    interval: '200ms',
    requests: [{ name: 'one' }, { name: 'two', method: 'POST', body: 'x' }],
  })
  expect(run.error).toBeUndefined()
  return await run.artifact('it.hdr')
}

test('the reference implementation reads the log of a load', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quarry-hdr-'))
  try {
    const file = join(directory, 'load.hdr')
    writeFileSync(file, await loggedText())
    const artifact = `-Dartifact=org.hdrhistogram:HdrHistogram:${VERSION}`
    execFileSync('mvn', [
      '--batch-mode',
      '--quiet',
      'dependency:copy',
      artifact,
      `-DoutputDirectory=${directory}`,
    ])
    const program = new URL('../fixtures/java/ReadLog.java', import.meta.url).pathname
    const jar = join(directory, `HdrHistogram-${VERSION}.jar`)
    const lines = execFileSync('java', ['-cp', jar, program, file], { encoding: 'utf8' }).trim().split('\n')
    const theirs = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const began = theirs.pop()

    const bad: string[] = []
    const ours = await Array.fromAsync(
      readHistogramLog(file, (line, why) => bad.push(`${line}: ${why}`)),
      ({ tag, start, length, histogram }) => ({
        tag,
        start: Math.round(1000 * start),
        end: Math.round(1000 * (start + length)),
        count: histogram.total,
        mean: expect.closeTo(mean(histogram), 3),
        percentiles: LEVELS.map((level) => percentile(histogram, level)),
      }),
    )
    expect(bad).toEqual([])
    expect(theirs).toEqual(ours)
    expect(ours.reduce((sum, { count }) => sum + count, 0)).toBe(300)
    expect(new Set(ours.map(({ tag }) => tag))).toEqual(new Set(['one', 'two', 'one-error', 'two-error']))
    expect(Number(began?.['began'])).toBeLessThanOrEqual(ours[0]?.start ?? 0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
