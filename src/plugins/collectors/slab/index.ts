import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { dumpFiles } from '../../../plugin/file-dump.ts'
import { slabFiles, slabParser } from './parse.ts'

export default defineCollector({
  id: 'slab',
  summary: 'Objects of every kernel cache; dentries, negative dentries and inodes',
  shows: 'kernel object caches, dentries, inodes',
  needs: [{ type: 'file', path: '/proc/slabinfo', remedy: 'run as root' }],
  tier: 'read',
  tables: ['slabs', 'samples'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({}),
  async collect(context) {
    await context.ingest('slab', dumpFiles(context.node.files, slabFiles), slabParser(context.rows))
  },
})
