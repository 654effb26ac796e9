/** A machine that was booted once, and stopped when its agent answered: others go on from there. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProcess } from '../../base/process.ts'
import { cached, contentKey } from '../cache.ts'
import { startInGuest } from '../guest/command.ts'
import type { UndoLedger } from '../../plugin/undo.ts'
import { shortDirectory } from '../short-directory.ts'
import type { Hardware } from './hardware.ts'
import { saveDevices, startMachine, type MachineOptions } from './machine.ts'

export interface Snapshot {
  /** Memory; a machine that goes on from it maps a copy. */
  readonly memory: string
  /** What the devices know. */
  readonly state: string
}

/** Run once before the snapshot, so that what every guest needs first is in memory already. */
const WARM_UP = 'cat /proc/stat; ip -o link; mkdir -p /run/quarry; tar --version; ps'

export interface SnapshotOptions {
  readonly hardware: Hardware
  /** Keys of what it boots: kernel, agent, image. */
  readonly contents: readonly string[]
  readonly ledger: UndoLedger
  /** Starts QEMU where TAP interfaces for the cards are. */
  readonly spawn: MachineOptions['spawn']
  readonly signal: AbortSignal
}

/** The snapshot of such a machine, made when there is none. */
export async function snapshotOf(options: SnapshotOptions): Promise<Snapshot> {
  const { hardware, contents, ledger, spawn, signal } = options
  const version = (await runProcess(['qemu-system-x86_64', '--version'], { signal })).stdout
  // What is behind disks and cards may differ; how many there are, and how large, is known to the kernel.
  const { accelerator, cpus, memoryMiB, kernelArguments, disks, cards } = hardware
  const shape = JSON.stringify({
    version,
    accelerator,
    cpus,
    memoryMiB,
    kernelArguments,
    disks: disks.map(({ name }) => name),
    cards: cards.map(({ name }) => name),
  })
  const directory = await cached({
    kind: 'snapshots',
    key: contentKey([shape, ...contents]),
    signal,
    make: async (place) => {
      await using stack = new AsyncDisposableStack()
      const memory = { type: 'template', file: join(place, files.memory) } as const
      const short = stack.use(await shortDirectory(ledger))
      const console = join(place, 'console.log')
      await writeFile(console, '')
      const at = { directory: short.path, console }
      const machine = stack.use(
        await startMachine({ name: 'a template', hardware, memory, place: at, spawn, signal }),
      )
      const warmUp = await startInGuest(machine.guest, ['sh', '-c', WARM_UP], { cwd: '/' })
      await warmUp.done
      warmUp.close()
      await saveDevices(machine, join(place, files.state))
    },
  })
  return { memory: join(directory, files.memory), state: join(directory, files.state) }
}

const files = { memory: 'memory', state: 'state' } as const
