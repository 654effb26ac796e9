/** The directories of nodes that are on this host. */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProvisionContext } from '../plugin/provisioner.ts'

export interface LocalDirectories extends AsyncDisposable {
  of(ordinal: number): { readonly scratch: string; readonly artifacts: string }
}

/** Makes those of a group; disposing removes the scratch directories. */
export async function makeDirectories({
  run,
  group,
  count,
  directory,
  ledger,
}: ProvisionContext): Promise<LocalDirectories> {
  const unguessable = randomBytes(6).toString('hex')
  const parent = join(tmpdir(), `quarry-${run}-${group}-${unguessable}`)
  await using stack = new AsyncDisposableStack()
  const recorded = stack.use(await ledger.record({ type: 'path', path: parent }))
  // Fails on whatever lies there already: nobody else's directory or link is ever used, nor removed.
  await mkdir(parent, { mode: 0o700 }).catch((error: unknown) => {
    recorded.forget()
    throw error
  })
  const of = (ordinal: number): { readonly scratch: string; readonly artifacts: string } => ({
    scratch: join(parent, String(ordinal)),
    artifacts: join(directory, String(ordinal)),
  })
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    await mkdir(of(ordinal).scratch)
    await mkdir(of(ordinal).artifacts, { recursive: true })
  }
  const owned = stack.move()
  return { of, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
