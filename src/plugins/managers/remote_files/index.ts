/** Puts files on every node of the group. */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { defineManager } from '../../../plugin/define.ts'
import { fileSpecs, makeFile } from '../../../plugin/file-spec.ts'

const PROVIDER = 'remote_file'

export default defineManager({
  id: 'remote_files',
  summary: 'files on every node, in the library of its scratch directory',
  needs: [],
  properties: z.strictObject({
    files: fileSpecs.describe('each with a `path` and one of data, base64, yaml, json, url, git, command'),
  }),
  provides: [PROVIDER],
  requires: [],
  configure: async (context, { files }) => {
    const path = join(tmpdir(), `quarry-files-${randomBytes(6).toString('hex')}`)
    await using _made = await context.ledger.record({ type: 'path', path })
    await mkdir(path, { mode: 0o700 })
    const [first] = context.nodes
    const home = first && context.environment(first)['QUARRY_DEFINITION_DIR']
    for (const file of files) await makeFile(file, path, context.signal, home)
    await Promise.all(
      context.nodes.map(async (node) => {
        const library = join(node.scratch, 'library')
        await node.upload(path, library, context.signal)
        const kept = join(node.artifacts, 'managed_files')
        const plain = files.filter(({ type }) => type !== 'git')
        for (const { path: name } of plain)
          await node.upload(join(path, name), join(kept, name), context.signal)
        context.provide(node, PROVIDER, { library, files: files.map((file) => file.path).join(' ') })
      }),
    )
  },
})
