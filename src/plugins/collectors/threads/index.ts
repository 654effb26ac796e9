import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import { duration } from '../../../plugin/properties.ts'
import { threadsParser } from './parse.ts'
import { threadSnapshot } from './snapshot.ts'

const properties = z.strictObject({
  all: z
    .boolean()
    .default(false)
    .describe('show the threads of all processes in full, not only those of the targets'),
  again: duration.prefault('1s').describe('until a second look, which shows what stands still; 0 for none'),
})

export default defineCollector({
  id: 'threads',
  summary: 'Every thread: its state, the wait that it is in and since when, kernel stack, counters; twice',
  shows:
    'threads, system calls that they are in and the texts given to them, timeouts, kernel stacks, context switches',
  needs: [],
  tier: 'read',
  tables: ['threads', 'syscalls'],
  inDefaultLadder: true,
  onReference: true,
  properties,
  async collect(context, { all, again }) {
    const { node, targets, signal } = context
    const machine = (await node.run(['uname', '-m'], { signal })).stdout.trim()
    const pids = new Set(targets.map((target) => target.pid))
    if (node.files.memory === undefined) context.note('this node does not show timeouts that lie in memory')
    const [hidden] = targets.filter(({ pid }) => isHidden(node.files, pid))
    if (hidden !== undefined) {
      context.note(
        `system calls and stacks of ${hidden.comm} (${hidden.pid}) are hidden: run as its user or as root`,
      )
    }
    for (const name of again === 0 ? ['first'] : ['first', 'second']) {
      if (name === 'second') await sleep(again, signal)
      const snapshot = threadSnapshot(node.files, {
        machine,
        full: (pid) => all || pids.has(pid),
        now: () => context.clock.now(),
        clockOffsetNs: node.clockOffsetNs,
      })
      await context.ingest(name, snapshot, threadsParser(context.rows))
    }
  },
})

const isHidden = (files: FileView, pid: number): boolean =>
  files.text(`/proc/${pid}/stat`) !== undefined && files.text(`/proc/${pid}/syscall`) === undefined
