import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { consoleParser } from '../../../plugin/console-parser.ts'

export default defineCollector({
  id: 'console',
  summary: 'What the kernel of a guest has printed on its serial console, also when the guest is dead',
  shows: 'panics, lock-ups, hung tasks and warnings of a guest that does not answer any more',
  needs: [{ type: 'machine' }],
  tier: 'read',
  tables: ['kernel_log', 'timers'],
  inDefaultLadder: true,
  onReference: true,
  fromOutside: true,
  properties: z.strictObject({}),
  async collect(context) {
    const { machine, lost, name } = context.node
    if (machine === undefined) throw new EnvironmentError(`${name} is no virtual machine`)
    // While it answers, its own log has the same, with levels.
    if (lost?.aborted !== true) return
    const { rows, clock } = context
    const parser = consoleParser({ rows, nowNs: () => clock.now(), bootedAtNs: machine.bootedAtNs })
    await context.ingest('console.txt', createReadStream(machine.console), parser)
  },
})
