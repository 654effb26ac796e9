import { basename } from 'node:path'
import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { bpftraceNeeds, runBpftrace } from '../../tracing/bpftrace.ts'
import { createBlockIoParser } from './parse.ts'

export default defineCollector({
  id: 'bpf-block-io',
  summary: 'Measures requests of block devices by process, device and operation, with bpftrace',
  needs: bpftraceNeeds('block:block_bio_queue', 'block:block_rq_issue', 'block:block_rq_complete'),
  properties: z.strictObject({}),
  tier: 'trace',
  shows: 'who reads and writes which disk, how long it takes, what does not complete',
  tables: ['block_io'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context) {
    const { files } = context.node
    await runBpftrace(context, {
      program: new URL('./block-io.bt', import.meta.url),
      parser: createBlockIoParser(context.rows, {
        note: (sentence) => context.note(sentence),
        deviceName: (majorMinor) => basename(files.link(`/sys/dev/block/${majorMinor}`) ?? majorMinor),
      }),
    })
  },
})
