/** All samplers at 1 Hz into the metric store for a while; prints the CPU time that they took, in ms, and the series. */
import { setTimeout } from 'node:timers/promises'
import { createMetricStore } from '../../src/evidence/metrics.ts'
import { localFiles } from '../../src/node/local-files.ts'
import { localNode } from '../../src/node/local.ts'
import cpu from '../../src/plugins/samplers/cpu/index.ts'
import disk from '../../src/plugins/samplers/disk/index.ts'
import memory from '../../src/plugins/samplers/memory/index.ts'
import network from '../../src/plugins/samplers/network/index.ts'
import pressure from '../../src/plugins/samplers/pressure/index.ts'
import processes from '../../src/plugins/samplers/processes/index.ts'
import slab from '../../src/plugins/samplers/slab/index.ts'

const [warmUp = 0, seconds = 0] = process.argv.slice(2).map(Number)
const node = localNode({ run: 'bench', group: 'server', ordinal: 0, scratch: '/' })
const { signal } = new AbortController()
const store = createMetricStore({ retentionMs: 600_000 })
const files = localFiles()
const samplers = [cpu, disk, memory, network, pressure, processes, slab].map((plugin) => {
  const tick = store.source({ node: node.name })
  return { tick, sampler: plugin.open({ node, sink: tick.sink, signal }, plugin.properties.parse({})) }
})

let before = process.cpuUsage()
const start = performance.now()
for (let second = 0; second < warmUp + seconds; second++) {
  if (second === warmUp) before = process.cpuUsage()
  for (const { tick, sampler } of samplers) {
    tick.begin(Date.now())
    void sampler.sample(files)
    tick.end()
  }
  await setTimeout(start + (second + 1) * 1000 - performance.now())
}
const { user, system } = process.cpuUsage(before)
process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, series: store.size }))
