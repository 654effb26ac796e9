/** What a refused write means to the person who runs Quarry. */
import { EnvironmentError, messageOf } from '../base/errors.ts'

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'free space on that file system (df -h), or choose another run directory',
  EDQUOT: 'raise the disk quota, or choose another run directory',
  EROFS: 'choose a run directory on a file system that is mounted read-write',
  EACCES: 'choose a run directory that this user may write',
  EPERM: 'choose a run directory that this user may write',
  EIO: 'look at the kernel log (dmesg) for errors of that disk, or choose another run directory',
  EFBIG: 'raise the limit on file sizes (ulimit -f)',
  EEXIST: 'something else lies at that path: move it away, or choose another run directory',
  ENOTDIR: 'something else lies at that path: move it away, or choose another run directory',
  EMFILE: 'raise the limit on open files (ulimit -n)',
}

/** An EnvironmentError with a remedy when the file system refused, else the error itself. `doing` is a verb phrase. */
export function diskError(error: unknown, doing: string): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const remedy = REMEDIES[code]
  if (remedy !== undefined) {
    return new EnvironmentError(`cannot ${doing}: ${messageOf(error)}`, {
      code: `QUARRY_DISK_${code}`,
      remedy,
      cause: error,
    })
  }
  return error instanceof Error ? error : new Error(messageOf(error))
}
