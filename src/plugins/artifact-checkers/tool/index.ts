/** Passes when a program that looks at the files of the run says so. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { runProcess } from '../../../base/process.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'

/** Programs that come with Quarry, by the names that Fallout has for them. */
const bundled = ['no-op', 'mttr', 'histo-freq']
const LIMIT_MS = 30 * 60_000
const SHOWN_LINES = 1000

export default defineArtifactChecker({
  id: 'tool',
  summary: 'a program that looks at the files of the run ends with 0',
  needs: [],
  properties: z.strictObject({
    tool: z
      .string()
      .min(1)
      .describe(`${bundled.join(', ')}, or the path of an executable, from the directory of the definition`),
    args: z
      .union([z.string(), z.array(z.string())])
      .default('')
      .describe('its arguments: a list, or words with blanks between them; it works in the run directory'),
  }),
  check: async (context, { tool, args }) => {
    const words = typeof args === 'string' ? args.split(/\s+/).filter((word) => word !== '') : args
    const command = bundled.includes(tool)
      ? [process.execPath, join(import.meta.dirname, 'programs', `${tool}.ts`)]
      : [resolve(context.definitionDirectory, tool)]
    if (!existsSync(command.at(-1) ?? '')) {
      throw new UserError(`there is no tool ${command.at(-1)}`, {
        remedy: `one of ${bundled.join(', ')}, or the path of an executable`,
      })
    }
    const { directory: cwd, signal } = context
    const ended = await runProcess([...command, ...words], {
      cwd,
      signal,
      timeoutMs: LIMIT_MS,
      maxBytes: 2 ** 20,
    })
    const output = `${ended.stdout}\n${ended.stderr}`.split('\n').filter((line) => line !== '')
    for (const line of output.slice(-SHOWN_LINES)) context.log(line)
    if (ended.ok) return { verdict: 'pass', message: `${tool} ended with 0` }
    const how = ended.timedOut ? 'took too long' : `ended with ${ended.exitCode ?? ended.signal}`
    return { verdict: 'fail', message: `${tool} ${how}: ${output.slice(-3).join(' / ').slice(0, 500)}` }
  },
})
