import { z } from 'zod'
import { localNode } from '../../../node/local.ts'
import { makeDirectories } from '../../../node/scratch.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import type { Node } from '../../../plugin/node.ts'

export default defineProvisioner({
  id: 'local',
  summary: 'this host; several nodes share it, each with a scratch directory of its own',
  needs: [],
  properties: z.strictObject({}),
  provision: async (context) => {
    const { run, group, count } = context
    const nodes: Node[] = []
    await using stack = new AsyncDisposableStack()
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      const { scratch, artifacts } = stack.use(await makeDirectories(context, ordinal))
      nodes.push(localNode({ run, group, ordinal, scratch, artifacts }))
    }
    const owned = stack.move()
    return { nodes, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
})
