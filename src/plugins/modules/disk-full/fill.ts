/** Takes the space of a file system with a file of its own. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { EnvironmentError } from '../../../base/errors.ts'
import type { Node } from '../../../plugin/node.ts'
import type { UndoLedger } from '../../../plugin/undo.ts'

// What is free for root is more than what is for others, and the system under test may be either: with `%f` nothing is
// left for both. One step is refused when what the file system needs to keep book is not free: then half of it is tried.
// Something may give space back meanwhile, so it looks again, a few times.
const SCRIPT = `
file=$1 leave=$2 size=0 step=0 why=
: >"$file" || exit 1
for round in 1 2 3 4 5 6 7 8; do
  set -- $(stat -f -c '%f %S' "$(dirname "$file")")
  step=$(($1 * $2 - leave))
  [ "$step" -ge "$2" ] || { why="\${why:-no more than $(($1 * $2)) bytes are free}"; break; }
  while [ "$step" -ge "$2" ]; do
    if why=$(fallocate -o "$size" -l "$step" "$file" 2>&1); then size=$((size + step)); break; fi
    step=$((step / 2))
  done
done
[ "$size" -gt 0 ] || { echo "$why" >&2; exit 1; }
echo "$size"
`

/** Disposing removes the file. */
export interface Filler extends AsyncDisposable {
  readonly bytes: number
}

/** Fills the file system of a directory of the node until `leave` bytes are free. */
export async function fill(
  node: Node,
  directory: string,
  leave: number,
  ledger: UndoLedger,
  signal: AbortSignal,
): Promise<Filler> {
  const path = join(directory, `.quarry-fill-${randomBytes(8).toString('hex')}`)
  await using stack = new AsyncDisposableStack()
  stack.use(await ledger.record({ type: 'filler', path }))
  // Here too, for a node that is not this host. Not with the signal: an abort must not leave the disk full.
  stack.defer(async () => void (await node.run(['rm', '-f', '--', path])))
  const { ok, stdout, stderr } = await node.run(['sh', '-c', SCRIPT, 'sh', path, String(leave)], { signal })
  if (!ok) {
    throw new EnvironmentError(`cannot fill ${directory} of ${node.name}: ${stderr.trim().slice(-300)}`, {
      code: 'QUARRY_DISK_FULL',
      remedy:
        'name a directory of a local file system with more space than is left, such as ext4, xfs or tmpfs',
    })
  }
  const owned = stack.move()
  return { bytes: Number(stdout), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
