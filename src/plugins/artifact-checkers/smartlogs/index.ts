/** Puts the lines that matter first into one log. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { linesOf, openFile } from '../../../base/lines.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'

const LONGEST_LINE = 10_000

export default defineArtifactChecker({
  id: 'smartlogs',
  summary: 'always passes; keeps the lines of the logs that tell why a run failed',
  needs: [],
  properties: z.strictObject({
    'snippet.length': z.coerce.number().int().min(1).max(10_000).default(50).describe('lines that are kept'),
  }),
  check: async (context, { 'snippet.length': length }) => {
    const errors = await errorsOf(context.directory)
    const failed = context.history.find(({ kind }) => kind === 'fail' || kind === 'error')?.process
    const lines =
      errors.length > 0 ? errors.slice(0, length) : await linesBefore(context.directory, failed, length)
    for (const line of lines) context.log(line)
    const from = errors.length > 0 ? 'the errors of the run' : `the log of ${failed ?? 'no module'}`
    return { verdict: 'pass', message: `${lines.length} line(s) of ${from}` }
  },
})

async function errorsOf(directory: string): Promise<string[]> {
  const { errors } = z
    .object({ errors: z.array(z.object({ state: z.string(), message: z.string() })) })
    .parse(JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')))
  return errors.flatMap(({ state, message }) => `${state}: ${message}`.split('\n'))
}

/** The last lines up to the first that says FAILED, or up to the end. */
async function linesBefore(directory: string, module: string | undefined, length: number): Promise<string[]> {
  if (module === undefined) return []
  let kept: string[] = []
  try {
    for await (const lines of linesOf(openFile(join(directory, 'logs', `${module}.log`)), LONGEST_LINE)) {
      const at = lines.findIndex((line) => line.includes('FAILED'))
      kept = [...kept, ...(at < 0 ? lines : lines.slice(0, at + 1))].slice(-length)
      if (at >= 0) break
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return kept
}
