/** Keeps the processors, memory and disks of nodes busy with stress-ng. */
import { z } from 'zod'
import { defineModule } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { selectionProperties, selectNodes } from '../../../plugin/selection.ts'
import { failureOf, runEverywhere } from '../../load/command.ts'
import { size } from '../../load/sizes.ts'
import { parseMetrics } from './parse.ts'

const workers = z.int().min(0).max(1024).default(0)

export default defineModule({
  id: 'stress',
  summary: 'keeps processors, memory, disks or the scheduler of nodes busy with stress-ng',
  needs: [{ type: 'tool', name: 'stress-ng', package: 'stress-ng' }],
  properties: z
    .strictObject({
      ...selectionProperties('server'),
      cpu: workers.describe('processes that compute'),
      cpu_load: z
        .int()
        .min(1)
        .max(100)
        .default(100)
        .describe('percentage of its time for which each of them does'),
      memory: workers.describe('processes that write memory'),
      memory_size: size.default('64m').describe('memory of each of them'),
      io: workers.describe('processes that call sync again and again'),
      disk: workers.describe('processes that write files in the scratch directory of the node'),
      disk_size: size.default('64m').describe('size of the file of each of them'),
      switches: workers.describe('processes that make the scheduler switch between them'),
      duration: duration.default(30_000).describe('how long it lasts at most; whole seconds'),
    })
    .refine(({ cpu, memory, io, disk, switches }) => cpu + memory + io + disk + switches > 0, {
      error: 'says nothing of what is to be busy: give cpu, memory, io, disk or switches',
    }),
  lifetime: 'dynamic',
  run: async (context, given) => {
    const nodes = selectNodes((name) => context.group(name), given)
    context.operation('invoke', { nodes: nodes.map(({ name }) => name) })
    const words = [
      ...(given.cpu > 0 ? ['--cpu', given.cpu, '--cpu-load', given.cpu_load] : []),
      ...(given.memory > 0 ? ['--vm', given.memory, '--vm-bytes', given.memory_size, '--vm-keep'] : []),
      ...(given.io > 0 ? ['--io', given.io] : []),
      ...(given.disk > 0 ? ['--hdd', given.disk, '--hdd-bytes', given.disk_size] : []),
      ...(given.switches > 0 ? ['--switch', given.switches] : []),
      '--timeout',
      Math.max(1, Math.round(given.duration / 1000)),
      '--metrics-brief',
    ].map(String)
    const endings = await runEverywhere(context, nodes, (node) => [
      'stress-ng',
      '--temp-path',
      node.scratch,
      ...words,
    ])
    const failures = endings.filter(({ result, wasStopped }) => !result.ok && !wasStopped)
    for (const { node, result } of endings)
      context.log(`${node.name}: ${result.stdout}${result.stderr}`.trim())
    if (failures.length > 0) {
      context.operation('fail', failures.map(failureOf).join('\n'))
      return
    }
    const operations = endings.map(({ node, result }) => [
      node.name,
      parseMetrics(result.stdout + result.stderr),
    ])
    context.operation('ok', Object.fromEntries(operations))
  },
})
