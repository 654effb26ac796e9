/** Reads and writes a file on nodes with fio. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fileNameOf } from '../../../base/file-name.ts'
import { defineModule } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'
import { selectionProperties, selectNodes } from '../../../plugin/selection.ts'
import { failureOf, runEverywhere } from '../../load/command.ts'
import { size } from '../../load/sizes.ts'
import { parseFio } from './parse.ts'

export default defineModule({
  id: 'fio',
  summary:
    'reads and writes a file in the scratch directory of nodes with fio, and tells rates and latencies',
  needs: [{ type: 'tool', name: 'fio', package: 'fio' }],
  properties: z.strictObject({
    ...selectionProperties('server'),
    mode: z
      .enum(['read', 'write', 'randread', 'randwrite', 'rw', 'randrw'])
      .default('randrw')
      .describe('in order or at random, and which way'),
    size: size.default('64m').describe('size of the file'),
    block_size: size.default('4k').describe('size of one read or write'),
    jobs: z.int().min(1).max(256).default(1).describe('processes that do it at the same time'),
    depth: z.int().min(1).max(4096).default(1).describe('requests under way in each process'),
    engine: z
      .enum(['psync', 'libaio', 'io_uring', 'mmap'])
      .default('psync')
      .describe('how the kernel is asked'),
    direct: z.boolean().default(false).describe('whether the page cache is gone around'),
    fsync: z.int().min(0).default(0).describe('an fsync after so many writes; 0 for none'),
    rate: z
      .int()
      .min(1)
      .optional()
      .describe('operations per second of each process and way; as many as go when left out'),
    duration: duration.default(30_000).describe('how long it lasts at most'),
  }),
  lifetime: 'dynamic',
  run: async (context, given) => {
    const nodes = selectNodes((name) => context.group(name), given)
    context.operation('invoke', { nodes: nodes.map(({ name }) => name) })
    const file = `fio-${randomBytes(4).toString('hex')}`
    const command = [
      'fio',
      '--name=load',
      `--rw=${given.mode}`,
      `--size=${given.size}`,
      `--bs=${given.block_size}`,
      `--numjobs=${given.jobs}`,
      `--iodepth=${given.depth}`,
      `--ioengine=${given.engine}`,
      `--direct=${given.direct ? 1 : 0}`,
      `--fsync=${given.fsync}`,
      ...(given.rate === undefined ? [] : [`--rate_iops=${given.rate}`]),
      '--time_based',
      `--runtime=${given.duration}ms`,
      '--group_reporting',
      '--output-format=json',
    ]
    const endings = await runEverywhere(context, nodes, (node) => [
      ...command,
      `--filename=${join(node.scratch, file)}`,
      '--unlink=1',
    ])
    const failures: string[] = []
    const results: Record<string, unknown> = {}
    for (const ending of endings) {
      const { node, result } = ending
      const name = `${fileNameOf(context.name)}.fio.json`
      await writeFile(join(context.artifacts(node), name), result.stdout)
      const parsed = parseFio(result.stdout)
      if (parsed === undefined || parsed.error !== 0 || !(result.ok || ending.wasStopped)) {
        failures.push(failureOf(ending))
      }
      results[node.name] = parsed
      context.log(`${node.name}: ${JSON.stringify(parsed)}`)
    }
    if (failures.length > 0) context.operation('fail', failures.join('\n'))
    else context.operation('ok', results)
  },
})
