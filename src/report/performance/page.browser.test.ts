import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sketchSeries } from '../../../test/harness/histogram-series.ts'
import { differences } from './difference.ts'
import { performancePage } from './page.ts'
import type { Compared } from './performance.ts'

let browser: Browser
let directory: string
beforeAll(async () => {
  const sketch = { intervals: 120, operations: 60, memory: 0.2 }
  const series = [1, 1.25].map((factor, index) => ({
    ...sketchSeries({ ...sketch, seed: index + 1, factor }),
    name: '<img src="http://127.0.0.1:9/x">',
  }))
  const [first, second] = series
  if (first === undefined || second === undefined) throw new Error('two series are needed')
  const run = '20261121-030000-nightly-b2c3'
  const comparisons = differences(first, second).map((difference): Compared => {
    const judgement = 'p' in difference ? (difference.p < 0.05 ? 'worse' : 'same') : 'unjudged'
    return { run, series: first.name, difference, judgement }
  })
  const runs = [
    { name: '20261120-030000-nightly-a1b2', directory: '', series: [first] },
    { name: run, directory: '', series: [second] },
  ]
  const page = performancePage({
    title: 'Two nights',
    runs,
    baseline: 1,
    comparisons,
    verdict: 'fail',
    notes: [],
  })
  directory = await mkdtemp(join(tmpdir(), 'quarry-page-'))
  await writeFile(join(directory, 'performance.html'), page)
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser.close()
  await rm(directory, { recursive: true })
})

test('the page asks for nothing, complains of nothing, and fits a phone, in light and dark', async () => {
  const complaints: string[] = []
  for (const [width, colorScheme] of [
    [390, 'light'],
    [1200, 'light'],
    [1200, 'dark'],
  ] as const) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    page.on('console', (message) => complaints.push(message.text()))
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(request.url())
    })
    await page.goto(pathToFileURL(join(directory, 'performance.html')).href)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    expect(await page.locator('.charts figure').count()).toBe(8)
    expect(await page.locator('.charts path').count()).toBe(16)
    const shots = process.env['QUARRY_SHOTS']
    if (shots !== undefined) {
      await page.screenshot({ path: join(shots, `${width}-${colorScheme}.png`), fullPage: true })
    }
    await page.close()
  }
  expect(complaints).toEqual([])
})
