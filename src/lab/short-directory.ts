/** Private directories with short paths: that of a Unix socket may have 107 bytes (unix(7)). */
import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UndoLedger } from '../plugin/undo.ts'

/** A new directory; disposing removes it. */
export async function shortDirectory(
  ledger: UndoLedger,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(tmpdir(), `quarry-vm-${randomBytes(6).toString('hex')}`)
  const recorded = await ledger.record({ type: 'path', path })
  await mkdir(path, { mode: 0o700 })
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true })
      await recorded[Symbol.asyncDispose]()
    },
  }
}
