import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeCaseRun } from '../../../test/harness/case-run.ts'
import { loadCase } from '../case-data.ts'
import { casePage } from './page.ts'

let browser: Browser
let directory: string
let file: string
/** Whatever a page says or asks for. */
const complaints: string[] = []

beforeAll(async () => {
  const run = await writeCaseRun({
    name: `a-rather-long-name-${'x'.repeat(80)}<img src="http://127.0.0.1:9/x">`,
  })
  directory = await mkdtemp(join(tmpdir(), 'quarry-page-'))
  file = join(directory, 'case.html')
  await writeFile(file, casePage(await loadCase(run)))
  await rm(run, { recursive: true })
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
})
afterAll(async () => {
  await browser.close()
  await rm(directory, { recursive: true })
})

async function open(width: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } })
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) complaints.push(request.url())
  })
  await page.goto(pathToFileURL(file).href)
  return page
}

test('the page asks for nothing, complains of nothing, and fits a phone', async () => {
  for (const width of [390, 1200]) {
    const page = await open(width)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    await page.close()
  }
  expect(complaints).toEqual([])
})

test('a click on a frame of a flame graph zooms, a click on the root goes back', async () => {
  const page = await open(1200)
  const graph = page.locator('.flame').first()
  const root = graph.locator('div').last().locator('i')
  const leaf = graph.locator('i', { hasText: 'spin' }).first()
  const width = async (): Promise<number> => (await leaf.boundingBox())?.width ?? 0
  const before = await width()
  await leaf.click()
  expect(await width()).toBeGreaterThan(before * 1.5)
  await root.click()
  expect(await width()).toBeCloseTo(before, 0)
  await page.locator('.flame-bar input').first().fill('spin')
  expect(await page.locator('.flame-bar output').first().textContent()).toMatch(/^matched: 100\.0 % sick/)
  await page.close()
})

test('the filter of the facts hides what does not match', async () => {
  const page = await open(1200)
  await page.locator('#facts input').fill('release')
  expect(await page.locator('#facts tr:visible').count()).toBe(1)
  await page.close()
})
