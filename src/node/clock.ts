/**
 * Undoing what movable clocks leave. libfaketime keeps book in shared memory under names with the pid of the process that
 * began it, and leaves that behind when the process is killed.
 */
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { processStat } from '../base/process-tree.ts'
import { shellWord } from './ssh-scripts.ts'

const SHARED = '/dev/shm'
const NO_OFFSET = '+0.000000\n'

/** Puts the clock file, if there is one, back to no offset, and removes what processes that have ended left. */
export async function resetClock(path: string): Promise<void> {
  if (existsSync(path)) {
    // Nobody may read a half-written one.
    await writeFile(`${path}.new`, NO_OFFSET)
    await rename(`${path}.new`, path)
  }
  for (const name of await readdir(SHARED).catch((): string[] => [])) {
    const [, pid] = /^(?:sem\.faketime_sem|faketime_shm)_(\d+)$/.exec(name) ?? []
    // Not those of other users, which cannot be removed; nor of the living.
    if (pid !== undefined && hasEnded(Number(pid))) await rm(join(SHARED, name)).catch(() => undefined)
  }
}

const hasEnded = (pid: number): boolean => ['Z', 'X', undefined].includes(processStat(pid)?.state)

/** The same as the script of a shell on another machine. */
export const resetClockScript = (path: string): string =>
  `clock=${shellWord(path)}
[ ! -e "$clock" ] || { printf '${NO_OFFSET.replace('\n', '\\n')}' >"$clock.new" && mv -f "$clock.new" "$clock"; } || exit 1
for file in ${SHARED}/faketime_shm_* ${SHARED}/sem.faketime_sem_*; do
  [ ! -e "$file" ] || grep -qs '^State:.[^ZX]' "/proc/\${file##*_}/status" || rm -f "$file" 2>/dev/null
done
true`
