/** What the arguments of system calls mean, as far as paths, descriptors and new threads go. */
import { textOf } from './parse-line.ts'

export interface CallInfo {
  readonly name: string
  /** Its first string is a path. */
  readonly path: boolean
  /** Its only string, if any, is the path of a Unix socket. */
  readonly address: boolean
  /** Its first argument is a descriptor. */
  readonly fd: boolean
  /** What it does to the identity of threads. */
  readonly identity: 'clone' | 'fork' | 'exec' | 'prctl' | undefined
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const PATH =
  words(`open openat openat2 creat stat stat64 lstat lstat64 newfstatat fstatat64 statx access faccessat
  faccessat2 readlink readlinkat execve execveat unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir chdir
  chroot chmod fchmodat fchmodat2 chown lchown fchownat link linkat symlink symlinkat truncate truncate64 statfs statfs64
  mknod mknodat utime utimes utimensat futimesat inotify_add_watch fanotify_mark getxattr lgetxattr setxattr lsetxattr
  listxattr llistxattr removexattr lremovexattr mount umount umount2 swapon swapoff pivot_root name_to_handle_at acct
  quotactl open_tree move_mount fspick uselib mq_open mq_unlink`)

const ADDRESS = words('bind connect')

const FD =
  words(`read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 close fstat fstat64 lseek
  _llseek ioctl fcntl fcntl64 flock fsync fdatasync ftruncate ftruncate64 getdents getdents64 epoll_wait epoll_pwait
  epoll_pwait2 epoll_ctl accept accept4 bind listen connect getsockname getpeername getsockopt setsockopt sendto recvfrom
  sendmsg recvmsg sendmmsg recvmmsg shutdown dup dup2 dup3 fchdir fchmod fchown fallocate fadvise64 splice tee vmsplice
  sendfile sendfile64 copy_file_range timerfd_settime timerfd_gettime inotify_add_watch inotify_rm_watch fstatfs fstatfs64
  syncfs readahead sync_file_range fgetxattr fsetxattr flistxattr fremovexattr io_uring_enter io_uring_register signalfd4
  openat openat2 newfstatat fstatat64 statx faccessat faccessat2 readlinkat execveat unlinkat renameat renameat2 mkdirat
  fchmodat fchownat linkat mknodat utimensat futimesat fanotify_mark name_to_handle_at open_by_handle_at`)

const IDENTITY: Readonly<Record<string, CallInfo['identity']>> = {
  clone: 'clone',
  clone3: 'clone',
  fork: 'fork',
  vfork: 'fork',
  execve: 'exec',
  execveat: 'exec',
  prctl: 'prctl',
}

const describe = (name: string): CallInfo => ({
  name,
  path: PATH.has(name),
  address: ADDRESS.has(name),
  fd: FD.has(name),
  identity: Object.hasOwn(IDENTITY, name) ? IDENTITY[name] : undefined,
})

/** Names of calls in garbage are without bound; those beyond this many are described anew each time. */
const MOST_KNOWN = 2048
const LONGEST_NAME = 64

/** Finds calls by the bytes of their names, without making strings. */
export class Calls {
  readonly #slots: (CallInfo | undefined)[] = Array.from({ length: MOST_KNOWN * 2 }, () => undefined)
  #known = 0

  find(bytes: Uint8Array, start: number, end: number): CallInfo {
    let hash = 0
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 12)) & mask
    for (;;) {
      const call = this.#slots[slot]
      if (call === undefined) break
      if (isName(call.name, bytes, start, end)) return call
      slot = (slot + 1) & mask
    }
    const call = describe(textOf(bytes, start, end))
    if (this.#known < MOST_KNOWN && call.name.length <= LONGEST_NAME) {
      this.#slots[slot] = call
      this.#known++
    }
    return call
  }
}

function isName(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let index = 0; index < name.length; index++) {
    if (name.charCodeAt(index) !== bytes[start + index]) return false
  }
  return true
}
