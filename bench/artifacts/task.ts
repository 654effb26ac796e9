/**
 * Eight nodes with artifacts, brought here by the engine as at the end of a run and by `tar | tar` between the same
 * places, in turn; prints the times of both in ms and the most memory that this process took, in bytes.
 *
 * Arguments: provisioner as YAML, bytes in total, rounds, how `tar -c` is had from a node: words with ORDINAL in them.
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createEnsemble } from '../../src/engine/ensemble.ts'
import { createSecrets } from '../../src/engine/secrets.ts'
import { loadDefinition } from '../../src/definition/load.ts'
import { openLedger } from '../../src/node/ledger.ts'
import { createRegistry } from '../../src/plugin/registry.ts'
import { components } from '../../src/plugins/index.ts'
import { createRunDirectory, newRunId } from '../../src/store/run-directory.ts'

const NODES = 8
/** Most of it is in large files, as logs and dumps are; a tenth is in small ones, each of which costs a look. */
const LARGE = 64 << 20
const SMALL = 64 << 10
/** Small, so that the memory of this process is that of collecting. */
const content = randomBytes(1 << 20)
const run = promisify(execFile)

export interface Measured {
  readonly ours: readonly number[]
  readonly theirs: readonly number[]
  readonly files: number
  readonly peakBytes: number
}

/** Writes files of bytes that cannot be compressed, and gives their number. */
function fill(directory: string, bytes: number): number {
  let files = 0
  const write = (size: number): void => {
    if (files % 100 === 0) mkdirSync(join(directory, String(files / 100)))
    const file = openSync(join(directory, String(Math.floor(files / 100)), `${files}.log`), 'w')
    for (let done = 0; done < size;)
      done += writeSync(file, content, 0, Math.min(content.length, size - done))
    closeSync(file)
    files += 1
  }
  let left = bytes
  for (; left > bytes / 10; left -= LARGE) write(Math.min(LARGE, Math.ceil(left - bytes / 10)))
  for (left = bytes / 10; left > 0; left -= SMALL) write(Math.min(SMALL, Math.ceil(left)))
  return files
}

const [provisioner = '', bytes = '', rounds = '', remote = ''] = process.argv.slice(2)
const place = mkdtempSync(join(tmpdir(), 'quarry-bench-artifacts-'))
const registry = createRegistry(components)
const text = `ensemble: {server: {node.count: ${NODES}, provisioner: ${provisioner}}}\nworkload: {phases: [{nothing: {module: noop}}]}\n`
const loaded = loadDefinition({
  file: 'artifacts.yaml',
  text,
  parameters: {},
  registry,
  validatePromql: () => [],
  selectorsOf: () => [],
})
if (loaded.definition === undefined) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
const fail = (error: unknown): never => {
  throw error
}
const directory = await createRunDirectory(place, newRunId('artifacts.yaml', new Date()), fail, (all) => all)
const ledger = openLedger(directory.file('undo.jsonl'), directory.id, fail)
const signal = new AbortController().signal
const measured = { ours: [] as number[], theirs: [] as number[], files: 0 }
{
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(place, { recursive: true }))
  stack.use(ledger)
  await ledger.record({ type: 'processes', run: directory.id })
  const ensemble = stack.use(
    createEnsemble({
      definition: loaded.definition,
      registry,
      directory,
      ledger,
      secrets: createSecrets({}),
      log: () => undefined,
      note: () => undefined,
      onLost: (_, reason) => fail(reason),
    }),
  )
  await ensemble.bringUp(signal)
  for (const node of ensemble.nodes) measured.files += fill(node.artifacts, Number(bytes) / NODES)
  const timed = async (act: () => Promise<unknown>): Promise<number> => {
    // What is still to be written of the round before is not paid for by this one.
    await run('sync')
    const began = performance.now()
    await act()
    return performance.now() - began
  }
  for (let round = 0; round < Number(rounds); round += 1) {
    measured.ours.push(await timed(() => ensemble.collect(fail, signal)))
    for (const node of ensemble.nodes) {
      if (node.artifacts !== ensemble.artifacts(node)) {
        rmSync(ensemble.artifacts(node), { recursive: true })
      }
    }
    const peer = join(place, 'peer')
    const pipe = async (from: string, ordinal: number): Promise<void> => {
      const to = join(peer, String(ordinal))
      mkdirSync(to, { recursive: true })
      const words = remote === '' ? [] : remote.replaceAll('ORDINAL', String(ordinal)).split(' ')
      const pack = ['tar', '-C', from, '-c', '-f', '-', '.']
      const [program = '', ...args] = words.concat(pack)
      const taker = spawn('tar', ['-C', to, '-x', '-f', '-'], { stdio: ['pipe', 'ignore', 'inherit'] })
      const giver = spawn(program, args, { stdio: ['ignore', taker.stdin, 'inherit'] })
      taker.stdin.destroy()
      const statuses = await Promise.all([giver, taker].map(async (child) => await once(child, 'exit')))
      if (statuses.some(([status]) => status !== 0)) throw new Error('tar | tar failed')
    }
    measured.theirs.push(
      await timed(() => Promise.all(ensemble.nodes.map((node) => pipe(node.artifacts, node.ordinal)))),
    )
    rmSync(peer, { recursive: true })
  }
}
await directory.close()
process.stdout.write(JSON.stringify({ ...measured, peakBytes: process.resourceUsage().maxRSS * 1024 }))
