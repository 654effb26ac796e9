/** A lock between processes: a file that names its holder, and is void when the holder is gone. */
import { open, readFile, rm } from 'node:fs/promises'
import { sleep } from '../../base/abort.ts'
import { isAlive, processStat } from '../../base/process-tree.ts'

/** How often it is looked whether the holder has finished, in ms. */
const LOOK_MS = 500

/** Takes the lock, and waits for whoever has it; `onWait` is told once. Disposing gives it back. */
export async function lockFile(
  path: string,
  signal: AbortSignal,
  onWait: (pid: number) => void,
): Promise<AsyncDisposable> {
  let told = false
  while (true) {
    const release = await tryLock(path)
    if (release !== undefined) return release
    if (!told) onWait(Number((await holderOf(path)) ?? 0))
    told = true
    await sleep(LOOK_MS, signal)
  }
}

/** The lock, or `undefined` when a live process has it. */
export async function tryLock(path: string): Promise<AsyncDisposable | undefined> {
  const holder = await holderOf(path)
  if (holder === 'gone') await rm(path, { force: true })
  try {
    const file = await open(path, 'wx')
    await file.writeFile(`${process.pid} ${processStat(process.pid)?.started ?? ''}\n`)
    await file.close()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

/** Its process, `gone` when that is dead, or `undefined` when nobody has it, or somebody is just about to. */
async function holderOf(path: string): Promise<number | 'gone' | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [pid = '', started = ''] = text.trim().split(' ')
  if (pid === '') return undefined
  return isAlive({ pid: Number(pid), started }) ? Number(pid) : 'gone'
}
