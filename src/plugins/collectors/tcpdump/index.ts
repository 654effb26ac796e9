import { z } from 'zod'
import { throwIfAborted } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import type { FileView } from '../../../plugin/node.ts'
import { createCaptureParser } from './parse.ts'
import { portsOf } from './ports.ts'

export default defineCollector({
  id: 'tcpdump',
  summary: 'Captures the headers of packets on the ports of the targets, or by a filter',
  needs: [
    { type: 'tool', name: 'tcpdump', package: 'tcpdump' },
    { type: 'capability', name: 'CAP_NET_RAW' },
  ],
  properties: z.strictObject({
    filter: z.string().optional().describe('a pcap filter, instead of the ports of the targets'),
    interface: z.string().default('any').describe('interface to listen on'),
    bytes: z.number().int().min(60).max(65_535).default(128).describe('bytes kept of each packet'),
    maxPackets: z.number().int().min(1).default(200_000).describe('packets after which it ends'),
  }),
  tier: 'trace',
  shows: 'what goes over the network, and what does not',
  tables: ['packets'],
  inDefaultLadder: true,
  onReference: true,
  perNetwork: true,
  async collect(context, { filter, interface: device, bytes, maxPackets }) {
    const { node, targets, windowMs, signal } = context
    const names = interfaceNames(node.files)
    const ports =
      filter === undefined
        ? portsOf(
            node.files,
            targets.map(({ pid }) => pid),
          )
        : []
    // Without immediate mode the kernel may keep packets until its buffer is full.
    const command = ['tcpdump', '-i', device, '-n', '-U', '--immediate-mode', '-s', String(bytes), '-w', '-']
    command.push('-c', String(maxPackets), filter ?? ports.map((port) => `port ${port}`).join(' or '))
    // It ends by itself, so that on a machine that we lost it does not go on for ever.
    const seconds = String(Math.max(0.1, windowMs / 1000))
    const timed = ['timeout', '--signal=INT', '--kill-after=5', seconds, ...command]
    await using running = await node.spawn(timed, { signal })
    const parser = createCaptureParser(context.rows, {
      clockOffsetNs: node.clockOffsetNs,
      interfaceName: (index) => names.get(index),
    })
    const { lines } = await context.ingest('capture.pcap', running.stdout, parser)
    const { stderr } = await running.done
    throwIfAborted(signal)
    if (!stderr.includes('listening on')) {
      throw new EnvironmentError(
        `tcpdump could not capture on ${node.name}: ${stderr.trim().split('\n').at(-1)}`,
        {
          code: 'QUARRY_TCPDUMP',
          remedy: 'run as root; check the filter with: tcpdump -d <filter>',
        },
      )
    }
    const [, dropped] = /(\d+) packets dropped by kernel/.exec(stderr) ?? []
    if (dropped !== undefined && dropped !== '0')
      context.note(`tcpdump: the kernel dropped ${dropped} packets`)
    if (lines >= maxPackets) context.note(`tcpdump ended before the window did, after ${maxPackets} packets`)
    // No packet is evidence too: it is said what was listened for.
    const what = filter ?? (ports.length === 0 ? 'all ports' : `ports ${ports.join(', ')}`)
    context.note(`tcpdump saw ${lines} packets (${what})`)
  },
})

const interfaceNames = (files: FileView): Map<number, string> =>
  new Map(
    files
      .list('/sys/class/net')
      .map((name) => [Number(files.text(`/sys/class/net/${name}/ifindex`)), name] as const),
  )
