import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { localNode } from '../../../node/local.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import type { Node } from '../../../plugin/node.ts'

export default defineProvisioner({
  id: 'local',
  summary: 'this host; several nodes share it, each with a scratch directory of its own',
  needs: [],
  properties: z.strictObject({}),
  provision: async ({ run, group, count, directory, ledger }) => {
    const nodes: Node[] = []
    await using stack = new AsyncDisposableStack()
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      const unguessable = randomBytes(6).toString('hex')
      const scratch = join(tmpdir(), `quarry-${run}-${group}-${ordinal}-${unguessable}`)
      const recorded = stack.use(await ledger.record({ type: 'path', path: scratch }))
      // Fails on whatever lies there already: nobody else's directory or link is ever used, nor removed.
      await mkdir(scratch, { mode: 0o700 }).catch((error: unknown) => {
        recorded.forget()
        throw error
      })
      const artifacts = join(directory, String(ordinal))
      await mkdir(artifacts, { recursive: true })
      nodes.push(localNode({ run, group, ordinal, scratch, artifacts }))
    }
    const owned = stack.move()
    return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})
