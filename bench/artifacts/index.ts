/**
 * How fast the artifacts of eight nodes come to the run directory, against `tar | tar` between the same places in the same
 * run: medians of several rounds, in turn; and whether the memory that it takes depends on how much that is. The promise:
 * at least half of the throughput of `tar | tar`, with constant memory.
 *
 * `node bench/artifacts/index.ts [GIGABYTES] [ROUNDS]`: 10 in total, of which twice as much must be free in the directory
 * for temporary files; 3. Needs root, and sshd: the ssh nodes are aliases of one on loopback.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { sshServer } from '../../test/harness/ssh-server.ts'
import type { Measured } from './task.ts'

const [gigabytes = 10, rounds = 3] = process.argv.slice(2).map(Number)
const LIMIT = 0.5
const task = new URL('task.ts', import.meta.url).pathname

async function measure(provisioner: string, bytes: number, remote: string): Promise<Measured> {
  const words = [task, provisioner, String(bytes), String(rounds), remote]
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 1 << 20 })
  return JSON.parse(stdout)
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`

async function compare(name: string, provisioner: string, remote: string): Promise<void> {
  const bytes = gigabytes * 1e9
  const quarter = await measure(provisioner, bytes / 4, remote)
  const whole = await measure(provisioner, bytes, remote)
  for (const [size, { ours, theirs, files }] of [
    [bytes / 4, quarter],
    [bytes, whole],
  ] as const) {
    const speed = (ms: number): string => `${(size / 1e6 / (ms / 1e3)).toFixed(0)} MB/s`
    const [own, peer] = [median(ours), median(theirs)]
    // Where the nodes write into the run directory itself, there is nothing to bring.
    const result =
      own < 100
        ? `nothing to copy: ${own.toFixed(1)} ms, tar | tar takes ${(peer / 1e3).toFixed(1)} s`
        : `${speed(own)}, ${(peer / own).toFixed(2)} of tar | tar (${speed(peer)}); promised: ${LIMIT}`
    process.stdout.write(
      `${name.padEnd(6)} ${(size / 1e9).toFixed(2).padStart(6)} GB in ${String(files).padStart(6)} files  ${result}\n`,
    )
  }
  process.stdout.write(
    `${name.padEnd(6)} peak memory ${mebibytes(quarter.peakBytes)}, with four times as much ${mebibytes(whole.peakBytes)}\n`,
  )
}

const aliases = Array.from({ length: 8 }, (_, ordinal) => `node-${ordinal}`)
await compare('local', 'local', '')
await compare('netns', 'netns', '')
await using server = await sshServer(aliases)
const hosts = `{name: ssh, properties: {hosts: [${aliases.join(', ')}], config: ${server.config}}}`
await compare('ssh', hosts, `ssh -F ${server.config} node-ORDINAL`)
