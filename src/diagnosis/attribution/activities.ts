/** Activities that produce resources: who did how much of each. */
import type { Case } from '../case/case.ts'
import { literal, matches, query } from '../case/sql.ts'
import { isObserver, worksForOthers } from '../case/involved.ts'
import type { ActivityId } from '../knowledge/resources.ts'
import { gainedBy, gainedByItself, rateOf } from './meters.ts'

/** What one command did on one node: all processes of that name together. */
export interface Actor {
  readonly comm: string
  /** Its process, where one made at least four fifths of it. */
  readonly pid?: number
  readonly amount: number
  /** Amount is a count of independent events (else of bytes or seconds): then it has a sampling error. */
  readonly events?: number
}

export interface Activity {
  readonly id: ActivityId
  /** Completes `makes 97 % of ...`. */
  readonly what: string
  readonly unit: string
  actors(the: Case, node: string): Promise<readonly Actor[]>
  /** Table whose collectors counted events; undefined for what metrics measure. */
  readonly table?: string
  /** Rows behind it: columns label and value, for bars. */
  sql(the: Case, node: string): string
}

interface Row {
  comm: string
  pid: number
  amount: number
}

/** An activity whose events collectors counted on the sick side; `amount` is an SQL aggregate. */
function captured(
  id: ActivityId,
  what: string,
  unit: string,
  source: {
    table: string
    where: string
    amount: string
    comm?: string
    pid?: string
    events: boolean
    /** A flow: only what was added over the reference counts, where there is one. */
    flow?: boolean
  },
): Activity {
  const { table, where, amount, comm = 'comm', pid = 'pid', events, flow = false } = source
  // Several collectors may have counted the same events: the one that saw most is taken.
  const rowsOf = (the: Case, node: string): string => `
    WITH counted AS (
      SELECT collector, ${comm} AS comm, ${pid} AS pid, ${amount}::DOUBLE AS amount
      FROM ${table}
      WHERE ${the.sick.captured} AND node = ${literal(node)} AND ${comm} IS NOT NULL AND (${where}) GROUP BY ALL
    ), usual AS (
      SELECT collector, ${comm} AS comm, ${amount}::DOUBLE AS amount
      FROM ${table}
      WHERE ${flow ? the.healthy.captured : 'false'} AND node = ${literal(node)} AND (${where}) GROUP BY ALL
    ), best AS (SELECT collector FROM counted GROUP BY collector ORDER BY sum(amount) DESC LIMIT 1)
    SELECT comm, pid, counted.amount - coalesce(usual.amount, 0) AS amount
    FROM counted LEFT JOIN usual USING (collector, comm)
    WHERE collector IN (SELECT collector FROM best) AND counted.amount > coalesce(usual.amount, 0)`
  return {
    id,
    what,
    unit,
    ...(events ? { table } : {}),
    actors: async (the, node) => {
      const rows = await the.evidence.rows<Row>(rowsOf(the, node))
      return byComm(rows).map((actor) => (events ? { ...actor, events: actor.amount } : actor))
    },
    sql: (the, node) =>
      query(`
        SELECT comm || ' (' || count(DISTINCT pid) || ' processes, such as ' || max(pid) || ')' AS label, sum(amount) AS value
        FROM (${rowsOf(the, node)}) GROUP BY comm ORDER BY value DESC LIMIT 12`),
  }
}

/** Rows of single processes, as actors, largest first; observers and who works for others left out. */
export function byComm(rows: readonly Row[]): Actor[] {
  return [...Map.groupBy(rows, ({ comm }) => comm)]
    .filter(([comm]) => !isObserver(comm) && !worksForOthers(comm))
    .map(([comm, own]) => {
      const amount = own.reduce((sum, row) => sum + row.amount, 0)
      const main = own.reduce((a, b) => (b.amount > a.amount ? b : a))
      return { comm, amount, ...(main.amount >= 0.8 * amount ? { pid: Number(main.pid) } : {}) }
    })
    .sort((a, b) => b.amount - a.amount)
}

const NOT_SAMPLED = `coalesce(args, '') <> 'sampled path'`
const PATH_CALLS =
  '^(open|openat|openat2|stat|lstat|newfstatat|statx|access|faccessat|faccessat2|readlink|readlinkat|execve|unlink|unlinkat|mkdir|mkdirat|rename|renameat2?|chdir|inotify_add_watch|getxattr|lgetxattr|statfs|utimensat|link|linkat|symlink|symlinkat|creat)$'

const activities: Readonly<Record<ActivityId, Activity>> = {
  'failed-lookup': captured('failed-lookup', 'path lookups of names that do not exist', 'lookups', {
    table: 'syscalls',
    where: `errno = 'ENOENT' AND ${NOT_SAMPLED}`,
    amount: 'sum(coalesce(count, 1))',
    events: true,
  }),
  lookup: captured('lookup', 'path lookups', 'lookups', {
    table: 'syscalls',
    where: `${matches('call', PATH_CALLS)} AND ${NOT_SAMPLED}`,
    amount: 'sum(coalesce(count, 1))',
    events: true,
  }),
  'block-io': captured('block-io', 'block device traffic', 'bytes', {
    table: 'block_io',
    where: 'true',
    amount: 'sum(bytes)',
    events: false,
    flow: true,
  }),
  wakeups: captured('wakeups', 'wakeups', 'wakeups', {
    table: 'wakeups',
    where: 'true',
    amount: 'sum(count)',
    comm: 'waker',
    pid: 'waker_pid',
    events: true,
    flow: true,
  }),
  sockets: captured('sockets', 'sockets', 'sockets', {
    table: 'sockets',
    where: 'true',
    amount: 'count(DISTINCT inode)',
    events: true,
  }),
  packets: captured('packets', 'packets', 'packets', {
    table: 'packets',
    where: 'true',
    amount: 'count(*)',
    comm: 'source',
    pid: '0',
    events: true,
    flow: true,
  }),
  cpu: rateOf('cpu', 'the CPU time that was added', 'CPUs', /^process_cpu_seconds_total$/),
  read: rateOf('read', 'the bytes read that were added', 'bytes/s', /^process_io_read_chars_total$/),
  write: rateOf(
    'write',
    'the bytes written that were added',
    'bytes/s',
    /^process_io_written_(chars|bytes)_total$/,
  ),
  memory: gainedBy('memory', 'the growth of resident memory', 'bytes', /^process_resident_memory_bytes$/),
  descriptors: gainedByItself('descriptors', 'the growth of open files', 'files', /^process_open_fds$/),
  threads: gainedBy('threads', 'the growth of threads', 'threads', /^process_threads$/),
}

/** How to find who does it. */
export const activityOf = (id: ActivityId): Activity => activities[id]
