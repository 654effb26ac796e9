/**
 * How long 16 nodes of provisioner netns take to come up and to go down, against a shell script that runs the same
 * commands of ip(8) and nothing else: medians of the same run, in turn. Needs root.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLedger } from '../../src/node/ledger.ts'
import netns from '../../src/plugins/provisioners/netns/index.ts'

const NODES = 16
const ROUNDS = 7

interface Times {
  readonly up: number
  readonly down: number
}

/** As a run has it, without the rest of the run. */
async function quarry(round: number): Promise<Times> {
  const run = `bench-netns-${process.pid}-${round}`
  const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
  const signal = new AbortController().signal
  const ledger = openLedger(join(directory, 'undo.jsonl'), run, (sentence) => {
    throw new Error(sentence)
  })
  await ledger.record({ type: 'processes', run })
  const began = performance.now()
  const group = await netns.provision(
    {
      run,
      group: 'server',
      count: NODES,
      directory,
      definitionDirectory: directory,
      ledger,
      signal,
      note: () => {},
    },
    netns.properties.parse({}),
  )
  const isUp = performance.now()
  await group[Symbol.asyncDispose]()
  await ledger[Symbol.asyncDispose]()
  const isDown = performance.now()
  rmSync(directory, { recursive: true })
  return { up: isUp - began, down: isDown - isUp }
}

/** Namespaces with names, as people make them: what there is in a switch and 16 nodes of ours. */
const name = (round: number): string => `quarry-bench-${process.pid}-${round}`
const up = (prefix: string): string => `set -e
ip netns add ${prefix}-switch
ip -n ${prefix}-switch -batch - <<END
link set lo up
link add br0 type bridge
link set br0 up
END
for i in $(seq 2 ${NODES + 1}); do
  ip netns add ${prefix}-$i
  ip -n ${prefix}-$i -batch - <<END
link set lo up
link add eth0 type veth peer name n$i netns ${prefix}-switch
address add 198.18.255.$i/24 dev eth0
link set eth0 up
END
  ip -n ${prefix}-switch link set n$i master br0 up
done`
const down = (prefix: string): string => `
for i in $(seq 2 ${NODES + 1}) switch; do ip netns delete ${prefix}-$i; done`

function shell(round: number): Times {
  const [isUp = 0, isDown = 0] = [up, down].map((script) => {
    const began = performance.now()
    const { status, stderr } = spawnSync('sh', ['-c', script(name(round))], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return performance.now() - began
  })
  return { up: isUp, down: isDown }
}

const times = { quarry: [] as Times[], shell: [] as Times[] }
for (let round = 0; round <= ROUNDS; round += 1) {
  const ours = await quarry(round)
  const theirs = shell(round)
  // The first round warms the caches.
  if (round === 0) continue
  times.quarry.push(ours)
  times.shell.push(theirs)
}

const median = (all: readonly Times[], what: keyof Times): number =>
  all.map((one) => one[what]).toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN
for (const what of ['up', 'down'] as const) {
  const [ours, theirs] = [median(times.quarry, what), median(times.shell, what)]
  process.stdout.write(
    `${NODES} nodes ${what.padEnd(4)} ${ours.toFixed(0).padStart(5)} ms  ${(ours / theirs).toFixed(1)} x a shell script (${theirs.toFixed(0)} ms)\n`,
  )
}
