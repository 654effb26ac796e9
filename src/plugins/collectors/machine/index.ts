import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { processorsOf, symbolTable } from './registers.ts'

/** What of QEMU's own is kept: what waits in devices, and what its clocks and cards are at. */
const STATE = ['query-status', 'query-cpus-fast', 'query-blockstats', 'query-named-block-nodes'] as const

const blockStats = z.array(
  z.object({ qdev: z.string().optional(), stats: z.record(z.string(), z.unknown()) }),
)

export default defineCollector({
  id: 'machine',
  summary: 'What QEMU knows of a guest: where each of its processors is, and what its disks have done',
  shows: 'the kernel function that a processor is in, also when nothing in the guest answers any more',
  needs: [{ type: 'machine' }],
  tier: 'read',
  tables: ['stacks', 'facts'],
  inDefaultLadder: true,
  onReference: true,
  fromOutside: true,
  properties: z.strictObject({}),
  async collect(context) {
    const { machine } = context.node
    if (machine === undefined) throw new EnvironmentError(`${context.node.name} is no virtual machine`)
    const registers = await machine.monitor('info registers -a')
    await context.ingest('registers.txt', registers)
    const symbols = machine.symbols === undefined ? undefined : symbolTable(readFileSync(machine.symbols, 'utf8'))
    for (const { cpu, isHalted, address, inKernel } of processorsOf(registers)) {
      const frame = inKernel ? (symbols?.(address) ?? `0x${address.toString(16)}`) : '(user)'
      context.rows.add('stacks', {
        tid: cpu,
        comm: `processor ${cpu}`,
        state: isHalted ? 'halted' : 'on-cpu',
        event: 'dump',
        frames: [frame],
        kernel_frames: inKernel ? 1 : 0,
        weight: 1,
        unit: 'threads',
      })
    }
    for (const command of STATE) {
      const answer = await machine.execute(command)
      await context.ingest(`${command}.json`, `${JSON.stringify(answer, null, 1)}\n`)
      if (command !== 'query-blockstats') continue
      for (const { qdev = '', stats } of blockStats.parse(answer)) {
        const disk = /^\/machine\/peripheral\/([^/]+)/.exec(qdev)?.[1]
        for (const [name, value] of disk === undefined ? [] : Object.entries(stats)) {
          if (typeof value !== 'number') continue
          context.rows.add('facts', { key: `machine.disk.${disk}.${name}`, value: String(value) })
        }
      }
    }
  },
})
