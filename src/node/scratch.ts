/** The directories of a node that is on this host. */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProvisionContext } from '../plugin/provisioner.ts'

export interface LocalDirectories extends AsyncDisposable {
  readonly scratch: string
  readonly artifacts: string
}

/** Makes them; disposing removes the scratch directory. */
export async function makeDirectories(
  { run, group, directory, ledger }: ProvisionContext,
  ordinal: number,
): Promise<LocalDirectories> {
  const unguessable = randomBytes(6).toString('hex')
  const scratch = join(tmpdir(), `quarry-${run}-${group}-${ordinal}-${unguessable}`)
  await using stack = new AsyncDisposableStack()
  const recorded = stack.use(await ledger.record({ type: 'path', path: scratch }))
  // Fails on whatever lies there already: nobody else's directory or link is ever used, nor removed.
  await mkdir(scratch, { mode: 0o700 }).catch((error: unknown) => {
    recorded.forget()
    throw error
  })
  const artifacts = join(directory, String(ordinal))
  await mkdir(artifacts, { recursive: true })
  const owned = stack.move()
  return { scratch, artifacts, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
