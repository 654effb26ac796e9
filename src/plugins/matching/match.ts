/** Regular expressions of users on texts of systems under test: some pairs of them would take for ever. */
import { Worker } from 'node:worker_threads'

const program = `
  const { parentPort, workerData: { pattern, flags, text } } = require('node:worker_threads')
  parentPort.postMessage(new RegExp(pattern, flags).test(text))
`

/** Whether the pattern is found in the text; undefined when it takes longer than `milliseconds`. */
export async function matchWithin(
  pattern: string,
  flags: string,
  text: string,
  milliseconds: number,
): Promise<boolean | undefined> {
  const worker = new Worker(program, { eval: true, workerData: { pattern, flags, text } })
  const { promise, resolve, reject } = Promise.withResolvers<boolean | undefined>()
  const timer = setTimeout(() => resolve(undefined), milliseconds)
  worker.once('message', (found: boolean) => resolve(found))
  worker.once('error', reject)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
