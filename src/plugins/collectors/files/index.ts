import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { filesParser } from './parse.ts'
import { openFiles } from './snapshot.ts'

const properties = z.strictObject({
  most: z.int().min(1).default(20_000).describe('descriptors that are shown of one process'),
})

export default defineCollector({
  id: 'files',
  summary: 'Open files of the targets, with what epoll sets watch and the state of timers and event counters',
  shows: 'open files, positions, epoll sets, eventfd counts, timerfd expiries, file locks',
  needs: [{ type: 'target', what: 'any' }],
  tier: 'read',
  tables: ['files'],
  inDefaultLadder: true,
  onReference: true,
  properties,
  async collect(context, { most }) {
    const { node, targets, signal } = context
    const dump = openFiles(node.files, {
      pids: targets.map((target) => target.pid),
      machine: (await node.run(['uname', '-m'], { signal })).stdout.trim(),
      takenNs: context.clock.now(),
      most,
      note: (sentence) => context.note(sentence),
    })
    await context.ingest('fd', dump, filesParser(context.rows))
  },
})
