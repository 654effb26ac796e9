/** The logs of containers, into files. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { throwIfAborted } from '../../base/abort.ts'
import { messageOf } from '../../base/errors.ts'
import { ask, kubectlCommand, type Kube, type Surroundings } from './kubectl.ts'
import { parsePods } from './objects.ts'

export interface LogWish {
  readonly namespace?: string | undefined
  /** Label selector of the pods; all pods when left out. */
  readonly selector?: string
  /** Also of the time before a container was started again. */
  readonly previous: boolean
  /** Directory of the files, on the controller; it is made. */
  readonly directory: string
}

/**
 * Saves them as `pod-<pod>-<container>.logs`, those of the time before as `.previous.logs`, and gives a sentence for each
 * that could not be had. A container that has not run yet has none.
 */
export async function saveLogs(kube: Kube, around: Surroundings, wish: LogWish): Promise<string[]> {
  const { namespace, selector, previous, directory } = wish
  await mkdir(directory, { recursive: true })
  const chosen = selector === undefined ? [] : [`--selector=${selector}`]
  const command = kubectlCommand(namespace, ['get', 'pods', '--output=json', ...chosen])
  const failures: string[] = []
  for (const { name: pod, containers } of parsePods(await ask(kube, around, command))) {
    for (const { name: container, hasRun, restarts } of containers) {
      const file = join(directory, `pod-${pod}-${container}`)
      const save = async (path: string, ...words: string[]): Promise<void> => {
        const logs = kubectlCommand(namespace, ['logs', pod, `--container=${container}`, ...words])
        await saveOutput(kube, around, logs, path).catch((error: unknown) => {
          throwIfAborted(around.signal)
          failures.push(`log of pod ${pod} container ${container}: ${messageOf(error)}`)
        })
      }
      if (hasRun) await save(`${file}.logs`)
      else around.log(`pod ${pod} container ${container} has not run: it has no log`)
      if (previous && restarts > 0) await save(`${file}.previous.logs`, '--previous')
    }
  }
  return failures
}

/** A log may be longer than fits into memory. */
async function saveOutput(
  { node }: Kube,
  { signal }: Surroundings,
  command: readonly string[],
  path: string,
): Promise<void> {
  await using running = await node.spawn(command, { signal })
  await pipeline(Readable.from(running.stdout), createWriteStream(path))
  const result = await running.done
  if (!result.ok) throw new Error(result.stderr.trim().split('\n').slice(-2).join('; '))
}
