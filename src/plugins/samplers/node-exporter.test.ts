/** The samplers against the real node_exporter of this host: same names, labels, types and values. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RecordedSamples, seriesName } from '../../../test/harness/recorded-samples.ts'
import { localFiles } from '../../node/local-files.ts'
import { localNode } from '../../node/local.ts'
import type { Sampler } from '../../plugin/sampler.ts'
import cpu from './cpu/index.ts'
import { defaultMountPointsExclude, defaultTypesExclude } from './disk/file-systems.ts'
import disk from './disk/index.ts'
import memory from './memory/index.ts'
import network from './network/index.ts'
import pressure from './pressure/index.ts'
import processes from './processes/index.ts'
import slab from './slab/index.ts'

const binary = '/usr/bin/prometheus-node-exporter'
if (!existsSync(binary)) throw new Error('to run this test: apt-get install -y prometheus-node-exporter')

const plugins = [cpu, disk, memory, network, pressure, processes, slab]
const types = new Map(
  plugins.flatMap(({ metrics }) => metrics.map(({ name, type }) => [name, type] as const)),
)

/** Families that the samplers have as well, but for what costs more than it tells. */
const ours =
  /^node_(cpu|load|intr_|context_|boot_|forks_|procs_|schedstat|pressure|memory|vmstat|slabinfo|filefd|disk|filesystem|network|netstat|sockstat|softnet|nf_conntrack|processes)/
const leftOut = new RegExp(
  [
    // Facts, not metrics.
    /^node_(disk|network)_info$/,
    /^node_network_(address_assign_type|carrier|carrier_down_changes_total|carrier_up_changes_total|device_id)$/,
    /^node_network_(dormant|flags|iface_id|iface_link|iface_link_mode|mtu_bytes|name_assign_type|net_dev_group)$/,
    /^node_network_(protocol_type|speed_bytes|transmit_queue_length|receive_nohandler_total)$/,
    /^node_slabinfo_(objects_per_slab|pages_per_slab)$/,
    // Needs a read of every thread of every process.
    /^node_processes_threads_state$/,
    /^node_nf_conntrack_stat_/,
    /^node_cpu_(core|package)_throttles_total$|^node_cpu_(frequency|scaling)/,
  ]
    .map(({ source }) => source)
    .join('|'),
)

let exporter: ChildProcess
let url = ''

beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  server.close()
  exporter = spawn(
    binary,
    [
      `--web.listen-address=127.0.0.1:${port}`,
      '--collector.slabinfo',
      '--collector.processes',
      // Debian leaves out the loopback interface.
      '--collector.netdev.device-exclude=^$',
      `--collector.filesystem.fs-types-exclude=${defaultTypesExclude}`,
      `--collector.filesystem.mount-points-exclude=${defaultMountPointsExclude}`,
    ],
    { stdio: 'ignore' },
  )
  url = `http://127.0.0.1:${port}/metrics`
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return
    await setTimeout(50)
  }
  throw new Error('node_exporter does not answer')
})

afterAll(async () => {
  exporter.kill()
  await once(exporter, 'exit')
})

interface Scrape {
  readonly values: Map<string, number>
  readonly types: Map<string, string>
}

async function scrape(): Promise<Scrape> {
  const values = new Map<string, number>()
  const scraped = new Map<string, string>()
  for (const line of (await (await fetch(url)).text()).split('\n')) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (typed !== undefined && type !== undefined) scraped.set(typed, type)
    const [, name, pairs = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined || !ours.test(name) || leftOut.test(name)) continue
    const labels = [...pairs.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [
      key,
      text,
    ])
    values.set(seriesName(name, Object.fromEntries(labels)), Number(value))
  }
  return { values, types: scraped }
}

const metricOf = (series: string): string => series.replace(/\{.*/s, '')
const isBetween = (value: number, a: number, b: number): boolean => {
  const slack = 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  return value >= Math.min(a, b) - slack && value <= Math.max(a, b) + slack
}

test('names, labels, types and values are those of node_exporter', { timeout: 60_000 }, async () => {
  const sink = new RecordedSamples()
  const files = localFiles()
  const node = localNode({ run: 'test', group: 'server', ordinal: 0, scratch: '/' })
  const { signal } = new AbortController()
  const samplers: Sampler[] = plugins.map((plugin) =>
    plugin.open({ node, sink, signal }, plugin.properties.parse({})),
  )
  let before = await scrape()
  let unconfirmed = new Set(before.values.keys())
  expect(unconfirmed.size).toBeGreaterThan(300)
  const wrong: string[] = []
  // What moves is right when it was between two scrapes once; with luck at the first time.
  for (let round = 0; round < 60 && unconfirmed.size > 0; round++) {
    sink.begin()
    for (const sampler of samplers) void sampler.sample(files)
    const values = sink.values()
    const after = await scrape()
    unconfirmed = new Set(
      [...unconfirmed].filter((series) => {
        const [a, b, value] = [before.values.get(series), after.values.get(series), values.get(series)]
        if (a === undefined || b === undefined) return false
        return value === undefined || !isBetween(value, a, b)
      }),
    )
    // A counter is never outside, but for those that the kernel sets back now and then.
    for (const [series, value] of values) {
      const [a, b] = [before.values.get(series), after.values.get(series)]
      if (a === undefined || b === undefined || types.get(metricOf(series)) !== 'counter') continue
      if (/mode="(idle|iowait)"/.test(series)) continue
      if (!isBetween(value, a, b)) wrong.push(`${series} is ${value}, not from ${a} to ${b}`)
    }
    before = after
  }
  expect([...unconfirmed]).toEqual([])
  expect(wrong).toEqual([])

  for (const [name, type] of before.types) {
    if (!ours.test(name) || leftOut.test(name) || type === 'untyped') continue
    expect([name, types.get(name)]).toEqual([name, type])
  }
  const declared = new Set(types.keys())
  const undeclared = [...sink.values().keys()].map(metricOf).filter((name) => !declared.has(name))
  expect(undeclared).toEqual([])
  files[Symbol.dispose]()
})
