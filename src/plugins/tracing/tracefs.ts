/**
 * Commands that need tracefs or debugfs, on hosts where nobody has mounted it.
 *
 * The mount is made in a mount namespace of the command's own: the kernel takes it away with the last process in it,
 * however that dies, and two runs on one host cannot pull it from under each other. So there is nothing to undo.
 */

// Not `--propagation private`, which fails where the root is no mount point, as in a chroot.
const UNSHARE = ['unshare', '--mount', '--propagation', 'unchanged'] as const
const MAKE_PRIVATE = '{ mount --make-rprivate / || mount --make-rprivate /sys; } 2>/dev/null'

/** Words of a script that makes a mount where `marker` is not there yet, and goes on with its arguments. */
const mounting = (type: string, at: string, marker: string): string => `
${MAKE_PRIVATE} || exit 125
if ! [ -d ${at}/${marker} ]; then
  mount -t ${type} ${type} ${at} || exit 125
fi
exec "$@"`

/** The command line that runs `command` with tracefs at /sys/kernel/tracing. Exit code 125: it cannot be mounted. */
export function withTracefs(command: readonly string[]): readonly string[] {
  return [...UNSHARE, 'sh', '-c', mounting('tracefs', '/sys/kernel/tracing', 'events'), 'sh', ...command]
}

/** The command line that runs `command` with debugfs at /sys/kernel/debug. Exit code 125: it cannot be mounted. */
export function withDebugfs(command: readonly string[]): readonly string[] {
  return [...UNSHARE, 'sh', '-c', mounting('debugfs', '/sys/kernel/debug', 'block'), 'sh', ...command]
}

const OR_NOT = `
if ${UNSHARE.join(' ')} sh -c '${MAKE_PRIVATE}' 2>/dev/null; then
  exec ${UNSHARE.join(' ')} sh -c '${MAKE_PRIVATE}; exec "$@"' sh "$@"
fi
exec "$@"`

/**
 * The command line that keeps mounts that `command` makes of its own accord from the host: perf mounts tracefs. Who may
 * not have a mount namespace may not mount either, and runs the command as it is.
 */
export function withPrivateMounts(command: readonly string[]): readonly string[] {
  return ['sh', '-c', OR_NOT, 'sh', ...command]
}
