/**
 * Commands that need tracefs, on hosts where nobody has mounted it.
 *
 * The mount is made in a mount namespace of the command's own: the kernel takes it away with the last process in it,
 * however that dies, and two runs on one host cannot pull it from under each other. So there is nothing to undo.
 */

const SCRIPT = `
if ! [ -d /sys/kernel/tracing/events ]; then
  mount -t tracefs tracefs /sys/kernel/tracing || exit 125
fi
exec "$@"`

/** The command line that runs `command` with tracefs at /sys/kernel/tracing. Exit code 125: it cannot be mounted. */
export function withTracefs(command: readonly string[]): readonly string[] {
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, 'sh', ...command]
}

const OR_NOT = `
if unshare --mount --propagation private true 2>/dev/null; then
  exec unshare --mount --propagation private "$@"
fi
exec "$@"`

/**
 * The command line that keeps mounts that `command` makes of its own accord from the host: perf mounts tracefs. Who may
 * not have a mount namespace may not mount either, and runs the command as it is.
 */
export function withPrivateMounts(command: readonly string[]): readonly string[] {
  return ['sh', '-c', OR_NOT, 'sh', ...command]
}
