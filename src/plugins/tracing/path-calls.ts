/** Which argument of a system call is a path, and what a relative one is relative to. */
import type { FileView } from '../../plugin/node.ts'
import type { SyscallTable } from './syscall-names.ts'

/**
 * Where the path is: `first`: argument 0, relative to the working directory; `second-at`: argument 1, relative to the
 * directory open as argument 0; `second`: argument 1, relative to the working directory.
 */
type Place = 'first' | 'second-at' | 'second'

/** The numbers that the bpftrace programs use for them; 0 is none. */
const NUMBERS: Readonly<Record<Place, number>> = { first: 1, 'second-at': 2, second: 3 }

const CALLS: Readonly<Record<Place, string>> = {
  first: `open creat stat lstat access execve truncate chdir chroot rename mkdir rmdir link unlink readlink chmod chown
    lchown mknod statfs umount2 swapon swapoff acct uselib utime utimes setxattr lsetxattr getxattr lgetxattr listxattr
    llistxattr removexattr lremovexattr pivot_root`,
  'second-at': `openat openat2 mkdirat mknodat fchownat futimesat newfstatat unlinkat renameat renameat2 linkat
    readlinkat fchmodat fchmodat2 faccessat faccessat2 utimensat statx execveat name_to_handle_at open_tree
    mount_setattr`,
  second: `inotify_add_watch mount symlink`,
}

const places = new Map<string, Place>()
for (const place of ['first', 'second-at', 'second'] as const) {
  for (const call of CALLS[place].split(/\s+/)) places.set(call, place)
}

/** `AT_FDCWD`: relative to the working directory. */
export const CURRENT_DIRECTORY = -100

/** Where the path of a call is, by the name of the call. */
export const placeOfPath = (call: string): Place | 'none' => places.get(call) ?? 'none'

/** The bpftrace statements that fill `@where[number of the call]`, for a machine's own numbers. */
export function pathPrelude(calls: SyscallTable): string {
  const statements = [...places].flatMap(([call, place]) => {
    const number = calls.number(call)
    return number === undefined ? [] : [`@where[${number}] = ${NUMBERS[place]};`]
  })
  return `BEGIN { ${statements.join(' ')} }`
}

/**
 * Makes an absolute path of one that a process gave. The same path when that process is gone; an empty one stands for
 * the descriptor itself (AT_EMPTY_PATH), and stays empty where there is none.
 */
export function absolutePath(files: FileView, pid: number, directoryFd: number, path: string): string {
  if (path.startsWith('/') || (path === '' && directoryFd === CURRENT_DIRECTORY)) return path
  const place = directoryFd === CURRENT_DIRECTORY ? 'cwd' : `fd/${directoryFd}`
  const directory = files.link(`/proc/${pid}/${place}`)
  // Links of sockets, pipes and the like are no directories: `socket:[123]`.
  if (directory === undefined || !directory.startsWith('/')) return path
  if (path === '') return directory
  return directory === '/' ? `/${path}` : `${directory}/${path}`
}
