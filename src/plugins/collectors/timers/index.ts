import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { timersParser } from './parse.ts'

const PATH = '/proc/timer_list'

export default defineCollector({
  id: 'timers',
  summary: 'Every high-resolution timer of every CPU, in the order in which the kernel holds them',
  shows: 'pending timers, their expiries against the clock, the order of the queues',
  needs: [{ type: 'file', path: PATH, remedy: 'run as root, outside of a container' }],
  tier: 'read',
  tables: ['timers'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({}),
  async collect(context) {
    const list = context.node.files.text(PATH)
    if (list === undefined) throw new EnvironmentError(`cannot read ${PATH} on ${context.node.name}`)
    await context.ingest('timer_list', list, timersParser(context.rows))
  },
})
