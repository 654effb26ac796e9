import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { timersParser } from './parse.ts'

const PATH = '/proc/timer_list'
/** Of a listing: some 100 bytes for each timer. */
const MOST_BYTES = 64 << 20

const properties = z.strictObject({
  listings: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('how often they are listed: a queue that is in disorder for moments takes many to be seen so'),
  every: duration.prefault('50ms').describe('from the end of one listing to the next'),
})

export default defineCollector({
  id: 'timers',
  summary:
    'Every high-resolution timer of every CPU, in the order in which the kernel holds them; several times',
  shows: 'pending timers, their expiries against the clock, the order of the queues',
  needs: [{ type: 'file', path: PATH, remedy: 'run as root, outside of a container' }],
  tier: 'read',
  tables: ['timers'],
  inDefaultLadder: true,
  onReference: true,
  properties,
  async collect(context, { listings, every }) {
    const { node, signal } = context
    const list = async function* (): AsyncGenerator<Uint8Array> {
      for (let listing = 0; listing < listings; listing++) {
        if (listing > 0) await sleep(every, signal)
        // By a command: what the view of a distant node says may be a moment old, and each listing is to be another one.
        const { ok, stdout, stderr } = await node.run(['cat', PATH], { signal, maxBytes: MOST_BYTES })
        if (!ok) throw new EnvironmentError(`cannot read ${PATH} on ${node.name}: ${stderr.trim()}`)
        yield Buffer.from(stdout)
      }
    }
    await context.ingest('timer_list', list(), timersParser(context.rows))
  },
})
