import { basename } from 'node:path'
import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import { withDebugfs, withTracefs } from '../../tracing/tracefs.ts'
import { createBlktraceParser, FORMAT } from './parse.ts'

/** blkparse puts the events of all CPUs in order; what it says itself besides events is of no use. $1 are seconds. */
const PIPE = `
seconds=$1; shift
for device; do set -- "$@" -d "/dev/$device"; shift; done
blktrace "$@" -w "$seconds" -o - | blkparse -i - -q -M -f '${FORMAT}'`

/** They hold no data of their own, or pass on to devices that are traced anyway. */
const NOT_TRACED = /^(ram|loop|zram|fd|sr|dm-|md)\d*/

export default defineCollector({
  id: 'blktrace',
  summary: 'Times requests of block devices in the queue and in the device, by process, with blktrace',
  needs: [
    { type: 'tool', name: 'blktrace', package: 'blktrace' },
    { type: 'tool', name: 'blkparse', package: 'blktrace' },
    { type: 'root' },
    { type: 'kernel', option: 'CONFIG_BLK_DEV_IO_TRACE' },
  ],
  properties: z.strictObject({
    when: z
      .enum(['no-bpftrace', 'always'])
      .default('no-bpftrace')
      .describe('whether to trace also where `bpf-block-io`, which costs less per request, can'),
  }),
  tier: 'trace',
  shows: 'who reads and writes which disk, and whether it waits in the queue or in the device',
  tables: ['block_io'],
  inDefaultLadder: true,
  onReference: true,
  async collect(context, { when }) {
    const { node, windowMs, signal } = context
    if (when === 'no-bpftrace') {
      const tried = await node.run(withTracefs(['bpftrace', '-e', 'BEGIN { exit(); }']), { signal })
      if (tried.ok) {
        context.note('blktrace was not needed: bpftrace works here')
        return
      }
    }
    const devices = devicesOf(node.files)
    if (devices.length === 0) {
      context.note('there is no block device to trace')
      return
    }
    // It ends by itself, so that on a machine that we lost it does not go on for ever.
    const seconds = String(Math.max(1, Math.round(windowMs / 1000)))
    const pipe = ['bash', '-o', 'pipefail', '-c', PIPE, 'bash', seconds, ...devices]
    await using running = await node.spawn(withDebugfs(pipe), { signal })
    const parser = createBlktraceParser(context.rows, (majorMinor) =>
      basename(node.files.link(`/sys/dev/block/${majorMinor}`) ?? majorMinor),
    )
    await context.ingest('blkparse.txt', running.stdout, parser)
    const { ok, stderr } = await running.done
    throwIfAborted(signal)
    if (!ok) {
      throw new EnvironmentError(
        `blktrace could not trace on ${node.name}: ${stderr.trim().split('\n').slice(-3).join('; ')}`,
        { code: 'QUARRY_BLKTRACE', remedy: 'is another blktrace at work? Try: blktrace -d /dev/DEVICE -w 1' },
      )
    }
    const [, dropped] = /total events dropped:\s*(\d+)|(\d+) drops/i.exec(stderr) ?? []
    if (dropped !== undefined && dropped !== '0') context.note(`blktrace: ${dropped} events were dropped`)
  },
})

const devicesOf = (files: FileView): readonly string[] =>
  files
    .list('/sys/block')
    .filter((name) => !NOT_TRACED.test(name) && Number(files.text(`/sys/block/${name}/size`)) > 0)
