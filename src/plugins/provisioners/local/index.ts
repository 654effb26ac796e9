import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { localNode } from '../../../node/local.ts'
import { makeDirectories } from '../../../node/scratch.ts'
import { defineProvisioner } from '../../../plugin/define.ts'
import type { Node } from '../../../plugin/node.ts'

/** The scratch directory of each node. */
const left = z.array(z.string())

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
    const state = nodes.map(({ scratch }) => scratch)
    return { nodes, state, [Symbol.asyncDispose]: () => directories[Symbol.asyncDispose]() }
  },
  resume: async ({ run, group, directory }, state) => {
    const nodes: Node[] = []
    for (const [ordinal, scratch] of left.parse(state).entries()) {
      if (!existsSync(scratch)) {
        throw new EnvironmentError(`the scratch directory ${scratch} of a kept node is gone`, {
          code: 'QUARRY_KEPT_GONE',
        })
      }
      const artifacts = join(directory, String(ordinal))
      await mkdir(artifacts, { recursive: true })
      nodes.push(localNode({ run, group, ordinal, scratch, artifacts }))
    }
    // What stands is in the ledger that it was left with.
    return { nodes, state, [Symbol.asyncDispose]: () => Promise.resolve() }
  },
})
