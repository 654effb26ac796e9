/**
 * The evidence tables: one column list gives the row type, the DuckDB and Parquet types, and the reference docs.
 *
 * Every table also has the four common columns. Rows of aggregating collectors (a bpftrace map, say) carry `count`,
 * with durations summed; rows of single events have `count` 1.
 */

export type ColumnType = 'bigint' | 'integer' | 'double' | 'boolean' | 'varchar' | 'varchar[]'

export interface Column {
  readonly type: ColumnType
  readonly doc: string
}

/** Columns of every table. */
export const commonColumns = {
  ts: { type: 'bigint', doc: "ns since the epoch, on the controller's clock" },
  node: {
    type: 'varchar',
    doc: 'node name, `<group>/<ordinal>`; `localhost` for what is about the kernel that nodes with networks of their own share',
  },
  collector: { type: 'varchar', doc: 'id of the collector, sampler or probe that wrote the row' },
  capture: {
    type: 'varchar',
    doc: 'id of the climb of the ladder it belongs to; empty for continuous observation',
  },
} as const satisfies Record<string, Column>

export const tables = {
  samples: {
    metric: { type: 'varchar', doc: "metric name, node_exporter's where it has one" },
    labels: { type: 'varchar', doc: 'labels as a JSON object with sorted keys, without `node`' },
    value: { type: 'double', doc: 'value; NaN with a stale marker is not stored' },
  },
  probes: {
    probe: { type: 'varchar', doc: 'name of the probe in the definition' },
    kind: { type: 'varchar', doc: 'http, tcp, unix, udp, snmp, command, log' },
    target: { type: 'varchar', doc: 'what was tried: URL, address, path or command' },
    success: { type: 'boolean', doc: 'whether it succeeded within its timeout' },
    duration_ns: { type: 'bigint', doc: 'time until it succeeded or failed' },
    error: { type: 'varchar', doc: 'why it failed; empty on success' },
    stage: { type: 'varchar', doc: 'how far it came: connect, send, receive, done' },
  },
  syscalls: {
    pid: { type: 'integer', doc: 'process id' },
    tid: { type: 'integer', doc: 'thread id' },
    comm: { type: 'varchar', doc: 'command name of the thread' },
    call: { type: 'varchar', doc: 'name of the system call' },
    args: {
      type: 'varchar',
      doc: 'arguments as the tool decoded them; of tools that count in the kernel `total` (exact, no path), `sampled path` (the same calls once more, by path, estimated) or `in flight`: add up only one of them',
    },
    path: { type: 'varchar', doc: 'first path among the arguments, if any' },
    fd: { type: 'integer', doc: 'first descriptor among the arguments, if any' },
    result: { type: 'bigint', doc: 'return value; null when unfinished or aggregated' },
    errno: { type: 'varchar', doc: 'symbolic error such as ENOENT; empty on success' },
    duration_ns: { type: 'bigint', doc: 'time inside the call; the sum when `count` is over 1' },
    max_ns: { type: 'bigint', doc: 'the longest of the calls' },
    count: { type: 'bigint', doc: 'calls that this row stands for' },
    finished: { type: 'boolean', doc: 'whether the call had returned when observation ended' },
  },
  stacks: {
    pid: { type: 'integer', doc: 'process id' },
    tid: { type: 'integer', doc: 'thread id' },
    comm: { type: 'varchar', doc: 'command name of the thread' },
    state: { type: 'varchar', doc: 'on-cpu or off-cpu; for dumps the thread state' },
    event: { type: 'varchar', doc: 'what was sampled: cpu-clock, sched_switch, dump' },
    frames: { type: 'varchar[]', doc: 'function names, leaf first' },
    kernel_frames: { type: 'integer', doc: 'how many of the leading frames are in the kernel' },
    weight: { type: 'double', doc: 'weight of the stack in `unit`' },
    unit: { type: 'varchar', doc: 'samples, ns or threads' },
    waits_for: { type: 'varchar', doc: 'for a dump: object that it waits for, `<address> class`' },
    holds: { type: 'varchar[]', doc: 'for a dump: monitors that it holds, `<address> class`' },
  },
  threads: {
    pid: { type: 'integer', doc: 'process id' },
    tid: { type: 'integer', doc: 'thread id' },
    comm: { type: 'varchar', doc: 'command name of the thread' },
    process: { type: 'varchar', doc: 'command name of the process' },
    command_line: { type: 'varchar', doc: 'arguments of the process, joined by blanks' },
    state: { type: 'varchar', doc: 'R, S, D, T, t, Z, I as in /proc/PID/stat' },
    wchan: { type: 'varchar', doc: 'kernel function in which it sleeps' },
    syscall: { type: 'varchar', doc: 'system call that it is in; `running` or empty when in none' },
    syscall_args: { type: 'varchar', doc: 'six arguments in hexadecimal, separated by blanks' },
    timeout_ns: {
      type: 'bigint',
      doc: 'how long the wait was asked to last; -1 for ever; null when unknown or given as a deadline',
    },
    deadline_ns: {
      type: 'bigint',
      doc: "deadline that the wait was given, ns since the epoch on the controller's clock; null when it has none",
    },
    waiting_ns: {
      type: 'bigint',
      doc: 'time since it last was on a CPU, at least (se.exec_start); null when running or unknown',
    },
    kernel_stack: { type: 'varchar[]', doc: 'kernel functions, leaf first' },
    voluntary_switches: { type: 'bigint', doc: 'voluntary context switches since start' },
    involuntary_switches: { type: 'bigint', doc: 'involuntary context switches since start' },
    user_ns: { type: 'bigint', doc: 'CPU time in user mode since start' },
    system_ns: { type: 'bigint', doc: 'CPU time in kernel mode since start' },
    run_delay_ns: { type: 'bigint', doc: 'time spent runnable and waiting for a CPU since start' },
  },
  sockets: {
    protocol: { type: 'varchar', doc: 'tcp, tcp6, udp, udp6, unix' },
    state: { type: 'varchar', doc: 'LISTEN, ESTAB, ... as ss prints it' },
    local: { type: 'varchar', doc: 'local address and port, or path' },
    remote: { type: 'varchar', doc: 'remote address and port' },
    recv_queue: { type: 'bigint', doc: 'bytes not yet read; for a listener, connections not yet accepted' },
    send_queue: { type: 'bigint', doc: 'bytes not yet acknowledged; for a listener, its backlog limit' },
    inode: { type: 'bigint', doc: 'inode of the socket' },
    pid: { type: 'integer', doc: 'an owner; one row for each owner' },
    fd: { type: 'integer', doc: 'descriptor in that owner' },
    comm: { type: 'varchar', doc: 'command name of that owner' },
    timer: {
      type: 'varchar',
      doc: 'its running timer, as ss prints it: name, remaining time, retransmissions',
    },
  },
  files: {
    pid: { type: 'integer', doc: 'process id' },
    comm: { type: 'varchar', doc: 'command name of the process' },
    fd: { type: 'integer', doc: 'descriptor' },
    kind: {
      type: 'varchar',
      doc: 'file, directory, socket, pipe, epoll, epoll-watch, inotify, eventfd, timerfd, other',
    },
    path: { type: 'varchar', doc: 'what /proc/PID/fd/N links to' },
    inode: {
      type: 'bigint',
      doc: 'inode of a socket or pipe, or of the file that an epoll-watch watches; null otherwise',
    },
    position: { type: 'bigint', doc: 'file position' },
    flags: { type: 'varchar', doc: 'open flags in octal' },
    watched_fd: {
      type: 'integer',
      doc: 'for an epoll-watch: the descriptor watched; `fd` is the epoll instance',
    },
    events: { type: 'varchar', doc: 'for an epoll-watch: the event mask in hexadecimal' },
    detail: {
      type: 'varchar',
      doc: 'what fdinfo says beyond that, such as `eventfd-count=3` or `it_value=(0, 49406829)`',
    },
  },
  slabs: {
    slab: { type: 'varchar', doc: 'name of the cache' },
    active_objects: { type: 'bigint', doc: 'objects in use' },
    objects: { type: 'bigint', doc: 'objects allocated' },
    object_bytes: { type: 'bigint', doc: 'size of one object' },
  },
  timers: {
    cpu: { type: 'integer', doc: 'CPU of the base' },
    clock: { type: 'varchar', doc: 'clock of the base, such as ktime_get' },
    position: { type: 'integer', doc: 'place in the queue as listed, from 0' },
    timer: {
      type: 'varchar',
      doc: 'address as the kernel shows it, disguised: the same for one timer until the next boot',
    },
    function: { type: 'varchar', doc: 'callback' },
    expires_ns: { type: 'bigint', doc: 'hard expiry on the clock of the base' },
    soft_expires_ns: { type: 'bigint', doc: 'soft expiry' },
    now_ns: {
      type: 'bigint',
      doc: 'the clock of the base when listed; null where the kernel printed the queue by itself: then rows with the same `ts` are one listing',
    },
    pid: { type: 'integer', doc: 'process, where the tool knows it' },
    tid: { type: 'integer', doc: 'thread, where the tool knows it' },
    comm: { type: 'varchar', doc: 'command, where the tool knows it' },
    count: { type: 'bigint', doc: 'timers that this row stands for' },
    operation: {
      type: 'varchar',
      doc: 'start, expire, cancel: traced `count` times; armed: neither expired nor cancelled at the end; null: listed',
    },
    late_ns: {
      type: 'bigint',
      doc: 'for expire: time from the hard expiry to the callback, the sum; for start: by how much the expiry had passed',
    },
    max_ns: { type: 'bigint', doc: 'for expire: the longest of these times' },
  },
  block_io: {
    pid: { type: 'integer', doc: 'process that queued it' },
    comm: { type: 'varchar', doc: 'its command name' },
    device: { type: 'varchar', doc: 'device, name or `major:minor`' },
    operation: { type: 'varchar', doc: 'read, write, discard, flush' },
    bytes: { type: 'bigint', doc: 'bytes; the sum when `count` is over 1' },
    queue_ns: {
      type: 'bigint',
      doc: 'queued to issued: what it waited for in the kernel; the sum when `count` is over 1',
    },
    latency_ns: {
      type: 'bigint',
      doc: 'issue to completion: what the device took; the sum when `count` is over 1; null when it was not issued',
    },
    max_ns: { type: 'bigint', doc: 'the longest of these' },
    count: { type: 'bigint', doc: 'requests that this row stands for' },
    finished: { type: 'boolean', doc: 'whether it had completed when observation ended; null when all had' },
  },
  packets: {
    protocol: { type: 'varchar', doc: 'tcp, udp, icmp, arp, other' },
    source: { type: 'varchar', doc: 'address and port' },
    destination: { type: 'varchar', doc: 'address and port' },
    bytes: { type: 'integer', doc: 'length on the wire' },
    flags: { type: 'varchar', doc: 'TCP flags such as SA, F, R' },
    interface: { type: 'varchar', doc: 'interface, where known' },
  },
  wakeups: {
    waker: { type: 'varchar', doc: 'command that woke' },
    waker_pid: { type: 'integer', doc: 'its thread id; 0 for interrupts on idle CPUs' },
    comm: { type: 'varchar', doc: 'command that was woken' },
    tid: { type: 'integer', doc: 'its thread id' },
    count: { type: 'bigint', doc: 'wakeups' },
    latency_ns: { type: 'bigint', doc: 'sum of the times from wakeup to running' },
    max_ns: { type: 'bigint', doc: 'the longest of them' },
  },
  locks: {
    pid: { type: 'integer', doc: 'process id' },
    tid: { type: 'integer', doc: 'thread that let others of its process go on' },
    comm: { type: 'varchar', doc: 'command name of the thread' },
    futex: { type: 'varchar', doc: 'address of the lock word that they waited for, 0x...' },
    count: { type: 'bigint', doc: 'how often it did' },
    held_ns: {
      type: 'bigint',
      doc: 'how long others had waited each time, counted from when the lock was last let go; the sum',
    },
    max_ns: { type: 'bigint', doc: 'the longest of them' },
  },
  kernel_log: {
    level: { type: 'varchar', doc: 'emerg to debug' },
    facility: { type: 'varchar', doc: 'kern, daemon, ...' },
    message: { type: 'varchar', doc: 'text of the record' },
    position: {
      type: 'integer',
      doc: 'place among the records that were read together, from 0: many have the same time',
    },
  },
  facts: {
    key: { type: 'varchar', doc: 'dotted name, such as kernel.release or sysctl.vm.swappiness' },
    value: { type: 'varchar', doc: 'its value' },
  },
  events: {
    kind: { type: 'varchar', doc: 'phase, symptom, rung, state, note' },
    name: { type: 'varchar', doc: 'of the phase, symptom or rung' },
    detail: { type: 'varchar', doc: 'what happened: began, ended, cured, a sentence' },
  },
  operations: {
    process: { type: 'varchar', doc: 'alias of the module' },
    kind: { type: 'varchar', doc: 'invoke, ok, fail, info' },
    value: { type: 'varchar', doc: 'value as JSON' },
    phase: { type: 'varchar', doc: 'phase in which it ran' },
  },
} as const satisfies Record<string, Record<string, Column>>

export type TableName = keyof typeof tables
export const tableNames = Object.keys(tables).filter((name): name is TableName => Object.hasOwn(tables, name))

interface TypeOf {
  bigint: bigint | number
  integer: number
  double: number
  boolean: boolean
  varchar: string
  'varchar[]': readonly string[]
}

type ValuesOf<C extends Record<string, Column>> = { -readonly [K in keyof C]?: TypeOf[C[K]['type']] | null }

/** A row to be written: columns left out are null; `ts` defaults to now, the other common columns to the writer's. */
export type Row<T extends TableName> = ValuesOf<(typeof tables)[T]> & {
  ts?: bigint
  node?: string
}

/** All columns of a table in the order in which they are stored: the common ones first. */
export function columnsOf(table: TableName): readonly (readonly [name: string, column: Column])[] {
  return [...Object.entries<Column>(commonColumns), ...Object.entries<Column>(tables[table])]
}
