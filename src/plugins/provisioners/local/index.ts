import { z } from 'zod'
import { localNode } from '../../../node/local.ts'
import { makeDirectories } from '../../../node/scratch.ts'
import { defineProvisioner } from '../../../plugin/define.ts'

export default defineProvisioner({
  id: 'local',
  summary: 'this host; several nodes share it, each with a scratch directory of its own',
  needs: [],
  properties: z.strictObject({}),
  provision: async (context) => {
    const { run, group, count } = context
    const directories = await makeDirectories(context)
    const nodes = Array.from({ length: count }, (_, ordinal) =>
      localNode({ run, group, ordinal, ...directories.of(ordinal) }),
    )
    return { nodes, [Symbol.asyncDispose]: () => directories[Symbol.asyncDispose]() }
  },
})
