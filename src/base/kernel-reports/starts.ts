/**
 * First lines of reports.
 *
 * What the kernel prints was read in its source (lib/bug.c, kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h,
 * mm/oom_kill.c, mm/kasan, arch/x86/kernel/traps.c, arch/x86/mm/fault.c, arch/arm64/kernel/traps.c, block/blk-core.c and
 * others; 4.19 to 6.18). Titles follow the manner of syzkaller (docs/crash-reports in its repository): one title for one bug.
 *
 * Lines are hostile. No pattern has two unbounded repetitions that can match the same text, so that a line takes time linear
 * in its length.
 */
import { faultStarts } from './fault-starts.ts'
import { functionName } from './functions.ts'
import { masked, type Head, type Start } from './start.ts'
import { stateStarts } from './state-starts.ts'

const LAST: readonly Start[] = [
  {
    kind: 'bug',
    pattern: /^BUG ([\w-]{1,60}) \([^)]{1,80}\): (.{1,60})/,
    head: ([, what = ''], cut) => ({ title: cut ? 'SLUB' : `SLUB: ${masked(what)}` }),
    seek: 'stack',
  },
  {
    kind: 'bug',
    pattern: /^BUG: ([^,[(:]{3,100})(?=[,[(:]|$)/,
    head: ([what = ''], cut) => ({ title: cut ? 'BUG' : `BUG: ${masked(what)}` }),
    seek: 'stack',
  },
  {
    kind: 'panic',
    pattern: /^(?:---\[ end )?Kernel panic - not syncing: (.{1,200})/,
    head: ([text = ''], cut) => panicOf(text, cut),
    seek: 'none',
    long: true,
    within: ['panic'],
  },
]

/** A panic says in its text why; a function in it counts where it was printed with its offset. */
function panicOf(text: string, cut: boolean): Head {
  const inside = /^stack-protector: Kernel stack is corrupted in: ([A-Za-z_][\w.]*)\+0x/.exec(text)?.[1]
  if (inside !== undefined) {
    const name = functionName(inside)
    return { title: `kernel panic: stack is corrupted in ${name}`, function: name, closed: true }
  }
  const why = text.replace(/ \]---$/, '').replace(/(?:! | )exitcode=.*$/, '')
  return {
    title: cut ? 'kernel panic' : `kernel panic: ${masked(why).replace(/[\s!.:]+$/, '')}`,
    closed: true,
  }
}

/** The first that matches counts. */
const STARTS: readonly Start[] = [...faultStarts, ...stateStarts, ...LAST]

/** Words one of which is in every first line: most lines are looked at once. */
const WORDS =
  /BUG|WARNING|UBSAN|INFO|Oops|LOCKUP|Unable to handle|nternal error|protection|opcode|divide|int3|segment|bounds:|alignment check|double fault|stack|list_|refcount_t|oom-killer|ut of memory|allocation failure|kmemleak|unregister_netdevice|error|BTRFS|XFS|Hardware Error|segfault| ip:|panic/i

/** What begins with this line, if anything. */
export function startOf(
  text: string,
  cut: boolean,
): { readonly start: Start; readonly head: Head } | undefined {
  if (!WORDS.test(text)) return undefined
  for (const start of STARTS) {
    const match = start.pattern.exec(text)
    if (match !== null)
      return { start, head: start.head(match.slice(1), cut && match[0].length === text.length) }
  }
  return undefined
}
