/** Passes when files have lines that they must have, and none that they must not. */
import { z } from 'zod'
import { UserError } from '../../../base/errors.ts'
import { defineArtifactChecker } from '../../../plugin/define.ts'
import { nodeGroup } from '../../../plugin/properties.ts'
import { filesOf, namesOf } from '../../matching/files.ts'
import { scanLines } from '../../matching/line-scan.ts'
import { pattern } from '../../pattern.ts'

export default defineArtifactChecker({
  id: 'regex',
  summary: 'lines of files match every required pattern and no forbidden one',
  needs: [],
  properties: z
    .strictObject({
      node_group: nodeGroup('server').describe('node group whose files are looked at'),
      files: pattern.describe(
        'pattern that the path of a file in the group matches as a whole, such as `.*/system.log`',
      ),
      required: z.array(pattern).default([]).describe('patterns that each file has a line for'),
      forbidden: z.array(pattern).default([]).describe('patterns that no line of a file has'),
      validate_all: z.boolean().default(false).describe('goes on after the first file with a problem'),
    })
    .refine(({ required, forbidden }) => required.length + forbidden.length > 0, {
      message: 'At least one of required or forbidden must be specified',
    }),
  check: async (context, { node_group, files, required, forbidden, validate_all }) => {
    const candidates = (await filesOf(context.group(node_group))).map((file) => ({
      path: file.path,
      names: namesOf(file),
    }))
    const request = { files: candidates, wanted: files, required, forbidden, all: validate_all }
    const scanned = await scanLines(request, context.signal)
    if (scanned === undefined) throw new UserError('a pattern takes too long on a line of a file')
    if (scanned.length === 0) {
      return { verdict: required.length > 0 ? 'fail' : 'pass', message: `no file matches ${files}` }
    }
    const problems = scanned.flatMap(({ name, missing, found }) => [
      ...missing.map((one) => `${name} has no line with ${one}`),
      ...found.map(({ pattern: one, line, text }) => `${name}:${line} has ${one}: ${text}`),
    ])
    for (const problem of problems) context.log(problem)
    const [first] = problems
    if (first === undefined) return { verdict: 'pass', message: `${scanned.length} file(s) looked at` }
    return {
      verdict: 'fail',
      message: problems.length > 1 ? `${first}, and ${problems.length - 1} more` : first,
    }
  },
})
