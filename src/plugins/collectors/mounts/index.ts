import { z } from 'zod'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { dumpFiles } from '../../../plugin/file-dump.ts'
import { mountsParser } from './parse.ts'

export default defineCollector({
  id: 'mounts',
  summary: 'Mounted file systems with all their options, also those that only a target sees',
  shows: 'mounts, their sources and options, such as the version and timeouts of NFS',
  needs: [],
  tier: 'read',
  tables: ['facts'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({}),
  async collect(context) {
    // Only mountinfo is read: touching a mount whose server is gone would hang.
    await context.ingest('mountinfo', dumpMounts(context), mountsParser(context.rows))
  },
})

function dumpMounts({ node: { files }, targets }: CollectContext): string {
  let dump = dumpFiles(files, ['/proc/self/mountinfo'])
  const seen = new Set([files.link('/proc/self/ns/mnt')])
  for (const { pid } of targets) {
    const namespace = files.link(`/proc/${pid}/ns/mnt`)
    if (namespace === undefined || seen.has(namespace)) continue
    seen.add(namespace)
    dump += dumpFiles(files, [`/proc/${pid}/comm`, `/proc/${pid}/mountinfo`])
  }
  return dump
}
