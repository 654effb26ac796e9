import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { createDroppedParser } from './parse.ts'

// Before and after in one shell, so that little else happens in between.
const SCRIPT = `
state() { cat /proc/meminfo /proc/sys/fs/dentry-state /proc/sys/fs/inode-nr; }
state; echo ---; echo "$1" > /proc/sys/vm/drop_caches || exit 1; state`

export default defineCollector({
  id: 'drop-caches',
  summary: "Drops the kernel's clean caches: page cache, dentries and inodes",
  // The file that it writes to cannot be read by anyone, so whether it is there is not asked for.
  needs: [{ type: 'root' }],
  properties: z.strictObject({
    level: z
      .union([z.literal(1), z.literal(2), z.literal(3)])
      .default(2)
      .describe('1: page cache; 2: dentries and inodes; 3: both'),
  }),
  tier: 'change',
  shows: 'whether the symptom hangs on what the kernel has cached',
  tables: ['events'],
  inDefaultLadder: true,
  onReference: false,
  async collect(context, { level }) {
    const { node, rows, signal } = context
    const result = await node.run(['sh', '-c', SCRIPT, 'sh', String(level)], { signal })
    await context.ingest('drop-caches.txt', result.stdout, createDroppedParser(rows))
    if (!result.ok) {
      throw new EnvironmentError(`caches could not be dropped on ${node.name}: ${result.stderr.trim()}`, {
        code: 'QUARRY_DROP_CACHES',
        remedy: 'run as root, outside a container that has /proc/sys read-only',
      })
    }
  },
})
