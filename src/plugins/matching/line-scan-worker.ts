/** The thread of line-scan.ts. */
import { parentPort, workerData } from 'node:worker_threads'
import { linesOf, openFile } from '../../base/lines.ts'
import type { ScannedFile, ScanRequest } from './line-scan.ts'

/** What lies beyond this in a line is not looked at. */
const LONGEST_LINE = 2 ** 20
const SHOWN = 200

const { files, wanted, required, forbidden, all } = workerData as ScanRequest
const isWanted = new RegExp(`^(?:${wanted})$`)
const scanned: ScannedFile[] = []
for (const { path, names } of files) {
  if (!names.some((name) => isWanted.test(name))) continue
  const file = await scan(path, names[0] ?? path)
  scanned.push(file)
  if (!all && file.missing.length + file.found.length > 0) break
}
parentPort?.postMessage(scanned)

async function scan(path: string, name: string): Promise<ScannedFile> {
  let missing = required.map((pattern) => ({ pattern, expression: new RegExp(pattern) }))
  let unseen = forbidden.map((pattern) => ({ pattern, expression: new RegExp(pattern) }))
  const found: { pattern: string; line: number; text: string }[] = []
  let number = 0
  for await (const lines of linesOf(openFile(path), LONGEST_LINE)) {
    parentPort?.postMessage('alive')
    for (const line of lines) {
      number++
      if (missing.length > 0) missing = missing.filter(({ expression }) => !expression.test(line))
      for (const { pattern, expression } of unseen) {
        if (!expression.test(line)) continue
        found.push({ pattern, line: number, text: line.slice(0, SHOWN) })
        unseen = unseen.filter((one) => one.pattern !== pattern)
      }
    }
  }
  return { name, missing: missing.map(({ pattern }) => pattern), found }
}
