import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { kernelLogParser } from './parse.ts'

export default defineCollector({
  id: 'kernel-log',
  summary: 'What the kernel has said since it booted, as far as its buffer reaches',
  shows:
    'kernel messages: hung tasks, out of memory, disk and network errors, warnings; queues of timers that a check of the kernel printed',
  needs: [{ type: 'tool', name: 'dmesg', package: 'util-linux' }],
  tier: 'read',
  tables: ['kernel_log', 'timers'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({}),
  async collect(context) {
    const { node, signal } = context
    await using running = await node.spawn(['dmesg', '--decode', '--time-format', 'iso'], {
      signal,
      env: { LC_ALL: 'C', TZ: 'UTC' },
    })
    await context.ingest('dmesg', running.stdout, kernelLogParser(context.rows, node.clockOffsetNs))
    const { ok, stderr } = await running.done
    if (ok) return
    throw new EnvironmentError(`dmesg failed on ${node.name}: ${stderr.trim().slice(-500)}`, {
      remedy: 'run as root, or: sysctl kernel.dmesg_restrict=0',
    })
  },
})
