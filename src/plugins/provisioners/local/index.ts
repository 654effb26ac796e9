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
  provision: async ({ run, group, count, ledger }) => {
    const nodes: Node[] = []
    await using stack = new AsyncDisposableStack()
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      const scratch = join(tmpdir(), `quarry-${run}-${group}-${ordinal}`)
      stack.use(await ledger.record({ type: 'path', path: scratch }))
      // Fails on whatever lies there already: nobody else's directory or link is ever used.
      await mkdir(scratch, { mode: 0o700 })
      nodes.push(localNode({ run, group, ordinal, scratch }))
    }
    const owned = stack.move()
    return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})
