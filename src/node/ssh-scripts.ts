/**
 * What runs on the other side of an ssh connection, in POSIX sh with coreutils, grep and awk.
 *
 * Processes are found as on this host (base/process-tree.ts): the descendants of a process, whatever session they are
 * in, and the members of its session and group whose parents have ended.
 */

/** A word that a POSIX shell takes as it is. Throws for what no argument or variable can hold. */
export function shellWord(word: string): string {
  if (word.includes('\0')) throw new Error('an argument or variable cannot hold a NUL byte')
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/**
 * `members SKIP KEEP TOP...` prints the processes of all TOPs and the TOPs themselves, without KEEP, without SKIP and its
 * descendants (the shell that asks), and without those that only wait for their parent.
 */
const MEMBERS = String.raw`
members() {
  skip=$1 keep=$2; shift 2
  stats=$(cat /proc/[0-9]*/stat 2>/dev/null)
  printf '%s\n' "$stats" | awk -v skip="$skip" -v keep="$keep" -v tops="$*" '
    BEGIN { n = split(tops, list, " "); for (i = 1; i <= n; i++) top[list[i]] = found[list[i]] = 1; out[skip] = 1 }
    match($0, /^.*\) /) {
      pid = $1 + 0; split(substr($0, RLENGTH + 1), f, " ")
      state[pid] = f[1]; parent[pid] = f[2]
      if (f[3] in top || f[4] in top) found[pid] = 1
    }
    END {
      for (changed = 1; changed;) {
        changed = 0
        for (pid in parent) {
          if (!(pid in found) && parent[pid] in found) found[pid] = changed = 1
          if (!(pid in out) && parent[pid] in out) out[pid] = changed = 1
        }
      }
      for (pid in found) if (pid in state && !(pid in out) && pid != keep && state[pid] !~ /[ZX]/) print pid
    }'
}`

/** `below TOP`: its members but for itself. */
const BELOW = String.raw`
below() { read -r me rest </proc/self/stat; members "$me" "$1" "$1"; }`

/** `end_tree GRACE TOP`: TERM to all below TOP, and KILL to those that are left after GRACE tenths of a second. */
const END_TREE = String.raw`
end_tree() {
  left=$(below "$2")
  [ -n "$left" ] || return 0
  kill -TERM $left; kill -CONT $left
  turn=0
  while left=$(below "$2"); [ -n "$left" ]; do
    [ "$turn" -lt "$1" ] || kill -KILL $left
    [ "$turn" -lt "$(($1 + 50))" ] || return 1
    sleep 0.1; turn=$((turn + 1))
  done
}`

/**
 * `end_holders`: KILL to what a command has left below this shell and that still has its output: as long as anybody has
 * that, the other side of the connection does not hear of the end.
 */
const END_HOLDERS = String.raw`
end_holders() {
  outputs=$(readlink /proc/$$/fd/4 /proc/$$/fd/5 | sort -u)
  for pid in $(below $$); do
    readlink /proc/$pid/fd/* 2>/dev/null | grep -qxF "$outputs" && kill -KILL $pid
  done
}`

/** `end_marked NODE`: KILL to whatever carries the mark of a node, and all below it, until none is left. */
const END_MARKED = String.raw`
end_marked() {
  turn=0
  while :; do
    tops=$(grep -lzxsF "QUARRY_NODE=$1" /proc/[0-9]*/environ | cut -d / -f 3)
    left=
    [ -z "$tops" ] || left=$(members $$ $$ $tops)
    [ -n "$left" ] || return 0
    [ "$turn" -lt 50 ] || { echo "processes" $left "do not die; are they in state D?" >&2; return 1; }
    kill -KILL $left 2>/dev/null
    sleep 0.05; turn=$((turn + 1))
  done
}`

/** The line before a command's output that tells the pids of the command and of the shell that watches over it. */
export const PID_LINE = /^@quarry-pid (\d+) (\d+)$/

export interface Job {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

const tenths = (milliseconds: number): number => Math.ceil(milliseconds / 100)

/**
 * Runs a command as a child of this shell, which keeps no hold of its output. What it leaves in the background goes on
 * unless it still has that output. The shell ends with the status of the command, 128 and the signal's number when one
 * ended it.
 */
export function jobScript({ command, env, cwd }: Job): string {
  const exports = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`not the name of an environment variable: ${name}`)
    return `export ${name}=${shellWord(value)}`
  })
  const words = command.map(shellWord).join(' ')
  const missing = `cannot start ${command[0] ?? ''}: the directory ${cwd} does not exist`
  return `${MEMBERS}
${BELOW}
${END_HOLDERS}
exec 3<&0 4>&1 5>&2 </dev/null >/dev/null 2>&1
(
  read -r me rest </proc/self/stat; echo "@quarry-pid $me $$"
  ${exports.join('\n  ')}
  cd ${shellWord(cwd)} 2>/dev/null || { echo ${shellWord(missing)} >&2; exit 126; }
  exec ${words}
) <&3 3<&- >&4 4>&- 2>&5 5>&-
code=$?
end_holders
exit $code`
}

/**
 * Ends the command of a node that the shell `watcher` watches over, with all its descendants; those that are left where it
 * has ended already.
 */
export const stopScript = (watcher: number, graceMs: number, directory: string): string => `${MEMBERS}
${BELOW}
${END_TREE}
# Its number may be another's by now.
[ ! -e /proc/${watcher} ] || grep -qzxsF ${shellWord(`QUARRY_NODE=${directory}`)} /proc/${watcher}/environ || exit 0
end_tree ${tenths(graceMs)} ${watcher} 2>/dev/null`

/** Tells one boot of a machine from the others. */
const BOOT = '/proc/sys/kernel/random/boot_id'

/** Makes the directories of a node; fails on whatever lies there already: nobody else's directory or link is used. */
export const makeScript = (directory: string, artifacts: string): string =>
  `umask 077; mkdir ${shellWord(directory)} ${shellWord(`${directory}/scratch`)} && cp ${BOOT} ${shellWord(`${directory}/boot`)} && { mkdir -p "$(dirname ${shellWord(artifacts)})"; mkdir ${shellWord(artifacts)}; }`

/**
 * Looks for the directories of a node that was left; fails with a sentence when they are gone, or all that ran there.
 * Artifacts of earlier runs are removed, or emptied where something still has them open: as a log, it goes on with it.
 */
export const findScript = (directory: string, artifacts: string): string => `directory=${shellWord(directory)}
[ -O "$directory/scratch" ] && [ -O ${shellWord(artifacts)} ] || { echo "the directory $directory of a kept node is gone" >&2; exit 1; }
[ "$(cat ${BOOT})" = "$(cat "$directory/boot")" ] || { echo "the host of a kept node was booted meanwhile, and nothing runs there any more" >&2; exit 1; }
cd -P ${shellWord(artifacts)} || exit 1
held=$(readlink /proc/[0-9]*/fd/* 2>/dev/null | grep -F "$PWD/")
find "$PWD" ! -type d -exec sh -c 'held=$1; shift; for file; do
  if printf "%s\\n" "$held" | grep -qxF -- "$file"; then : >"$file"; else rm -f -- "$file"; fi
done' sh "$held" {} +`

/** The line after which a node goes on without anybody who watches over it. */
export const LEAVE = 'leave'

/**
 * Lives as long as the connection: a line comes every few seconds. When none comes for two minutes, or the other side
 * is gone, everything that the node runs is killed, unless the last line is `LEAVE`. Its files stay, for those who come to
 * fetch or sweep them.
 */
export const watchScript = (directory: string): string => `${MEMBERS}
${END_MARKED}
beat=${shellWord(`${directory}/beat`)}
: >"$beat"; echo watching
exec >/dev/null 2>&1
( while [ -n "$(find "$beat" -mmin -2)" ]; do sleep 20; done; end_marked ${shellWord(directory)} ) </dev/null &
while read -r line; do [ "$line" != ${LEAVE} ] || { kill $!; exit 0; }; : >"$beat"; done
end_marked ${shellWord(directory)}`

/** Kills what a node runs, and removes its directory. Nothing is left to do where there is none. */
export const removeScript = (directory: string): string => `${MEMBERS}
${END_MARKED}
end_marked ${shellWord(directory)} && rm -rf -- ${shellWord(directory)}`
