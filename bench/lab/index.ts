/**
 * What guests cost, each figure beside what it is measured against: `node bench/lab/index.ts [guests]`.
 *
 * Times of commands and transfers are held against ssh to a local sshd's and tar's where there is such a peer; the rest
 * against the limits that were set: 6 s from a cold boot, 1 s from a snapshot, 200 MB beside the guest's own pages, 20 ms for
 * a command, 50 MB/s.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLedger } from '../../src/node/ledger.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import type { Node } from '../../src/plugin/node.ts'
import vm from '../../src/plugins/provisioners/vm/index.ts'

const count = Number(process.argv[2] ?? 8)
const COMMANDS = 50
const MEGABYTES = 128

interface Group extends AsyncDisposable {
  readonly nodes: readonly Node[]
  readonly run: string
  /** From asking for it to the first command in all of its guests, ms. */
  readonly readyMs: number
}

async function group(properties: object, size: number): Promise<Group> {
  const run = `bench-lab-${process.pid}-${Math.round(performance.now())}`
  await using stack = new AsyncDisposableStack()
  const directory = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
  stack.defer(() => rmSync(directory, { recursive: true }))
  const ledger = stack.use(
    openLedger(join(directory, 'undo.jsonl'), run, (sentence) => {
      throw new Error(sentence)
    }),
  )
  await ledger.record({ type: 'processes', run })
  const began = performance.now()
  const guests = stack.use(
    await vm.provision(
      {
        run,
        group: 'guest',
        count: size,
        directory,
        definitionDirectory: directory,
        ledger,
        signal: new AbortController().signal,
        note: (sentence) => process.stderr.write(`${sentence}\n`),
      },
      vm.properties.parse({ kernel: 'cloud', memory: '256M', ...properties }),
    ),
  )
  await Promise.all(guests.nodes.map((node) => node.run(['true'])))
  const readyMs = performance.now() - began
  const owned = stack.move()
  return { nodes: guests.nodes, run, readyMs, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Memory of QEMU that is no page of the guest's: private, and not of its RAM, bytes. */
function overhead(run: string): number[] {
  return markedProcesses(run)
    .map(({ pid }) => pid)
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('qemu'))
    .map((pid) => {
      let isRam = false
      let total = 0
      for (const line of readFileSync(`/proc/${pid}/smaps`, 'latin1').split('\n')) {
        if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isRam = line.endsWith('/memory')
        const kilobytes = /^Private_(?:Clean|Dirty): +(\d+) kB/.exec(line)?.[1]
        if (kilobytes !== undefined && !isRam) total += Number(kilobytes) * 1024
      }
      return total
    })
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

const line = (what: string, value: number, unit: string, limit: number, isLeast = false): void => {
  const ratio = isLeast ? limit / value : value / limit
  say(
    `${what.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit.padEnd(5)} ${ratio.toFixed(2)} x the limit of ${limit} ${unit}`,
  )
}

say(
  `${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}, ${execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' }).split('\n')[0]}`,
)
{
  // What is fetched, built or taken once is not counted.
  await using _warm = await group({}, 1)
  await using _larger = await group({ memory: '512M' }, 1)
}
{
  await using cold = await group({ start: 'boot' }, 1)
  line('from run to the first command, cold', cold.readyMs / 1000, 's', 6)
}
{
  await using one = await group({ memory: '512M' }, 1)
  line('from run to the first command, from a snapshot', one.readyMs / 1000, 's', 1)
  const [node] = one.nodes
  if (node === undefined) throw new Error('no guest')
  const trips: number[] = []
  for (let trip = 0; trip < COMMANDS; trip += 1) {
    const began = performance.now()
    await node.run(['true'])
    trips.push(performance.now() - began)
  }
  line('a command and back, median', median(trips), 'ms', 20)
  const file = join(mkdtempSync(join(tmpdir(), 'quarry-bench-')), 'file')
  writeFileSync(file, Buffer.alloc(MEGABYTES * 1e6, 'quarry'))
  const sent = performance.now()
  await node.upload(file, '/dev/shm/file')
  line('a file to the guest', MEGABYTES / ((performance.now() - sent) / 1000), 'MB/s', 50, true)
  await node.run(['sh', '-c', 'mkdir /dev/shm/back && mv /dev/shm/file /dev/shm/back'])
  const brought = performance.now()
  await node.download('/dev/shm/back', `${file}-back`)
  line('a file from the guest', MEGABYTES / ((performance.now() - brought) / 1000), 'MB/s', 50, true)
  rmSync(join(file, '..'), { recursive: true })
}
{
  await using many = await group({}, count)
  line(`${count} guests to the first command in each`, many.readyMs / 1000, 's', count)
  line('memory of QEMU beside the pages of a guest', Math.max(...overhead(many.run)) / 1e6, 'MB', 200)
}
