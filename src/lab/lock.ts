/** A lock between processes: a file that names its holder, and is void when the holder is gone. */
import { link, open, readFile, rm } from 'node:fs/promises'
import { sleep } from '../base/abort.ts'
import { hasCode } from '../base/errors.ts'
import { isAlive, processStat } from '../base/process-tree.ts'

/** How often it is looked whether the holder has finished, in ms. */
const LOOK_MS = 500

/** Takes the lock, and waits for whoever has it; `onWait` is told its process, once. Disposing gives it back. */
export async function lockFile(
  path: string,
  signal: AbortSignal,
  onWait: (pid: number) => void,
): Promise<AsyncDisposable> {
  let told = false
  while (true) {
    const release = await tryLock(path)
    if (release !== undefined) return release
    const holder = await holderOf(path)
    if (!told && holder?.alive === true) {
      onWait(holder.pid)
      told = true
    }
    await sleep(LOOK_MS, signal)
  }
}

/** The lock, or `undefined` when a live process has it, or is about to. */
export async function tryLock(path: string): Promise<AsyncDisposable | undefined> {
  const holder = await holderOf(path)
  if (holder?.alive === false) await removeOf(path, holder.text)
  try {
    const file = await open(path, 'wx')
    await file.writeFile(`${process.pid} ${processStat(process.pid)?.started ?? ''}\n`)
    await file.close()
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined
    throw error
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

interface Holder {
  readonly pid: number
  readonly alive: boolean
  readonly text: string
}

/** `undefined` when nobody has it, or somebody is just writing his name. */
async function holderOf(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [pid = '', started = ''] = text.trim().split(' ')
  if (!text.endsWith('\n')) return undefined
  return { pid: Number(pid), alive: isAlive({ pid: Number(pid), started }), text }
}

/**
 * Removes the lock of a dead holder. Of several that found it dead only one may, or the second would remove the lock that
 * the first has taken since: a second name for the file is the right to remove it, if the file is still that of the dead.
 */
async function removeOf(path: string, text: string): Promise<void> {
  const right = `${path}.of-${text.trim().replace(' ', '-')}`
  try {
    await link(path, right)
  } catch (error) {
    if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOENT')) return
    throw error
  }
  if ((await readFile(right, 'utf8')) === text) await rm(path, { force: true })
  await rm(right, { force: true })
}
