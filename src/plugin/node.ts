/** A machine: it runs commands and holds files. Implementations live in src/node/. */
import type { ProcessOptions, ProcessResult, RunningProcess } from '../base/process.ts'
import type { SshDestination } from './undo.ts'
import type { Providers } from './provider.ts'

export type CommandOptions = Omit<ProcessOptions, 'graceMs'>
export type CommandResult = ProcessResult
export type RunningCommand = RunningProcess

/**
 * Reads many small text files at little cost: procfs, sysfs. Absent or unreadable files give `undefined`; where every look
 * is a way to another machine, it throws an EnvironmentError when that does not answer.
 */
export interface FileView {
  text(path: string): string | undefined
  /** Names in a directory; empty when it cannot be read. */
  list(path: string): readonly string[]
  /** Target of a symbolic link. */
  link(path: string): string | undefined
  /** Number of entries in a directory, cheaper than `list`. */
  count(path: string): number | undefined
  /** Space of the file system that a path is on. Never ask about network file systems: a dead server never answers. */
  space?(path: string): FileSystemSpace | undefined
  /** What a file that grows has from `offset` on, at most `maxBytes` of it. */
  part?(path: string, offset: number, maxBytes: number): FilePart | undefined
  /** `length` bytes of a process' memory, read without stopping or waking it; `undefined` where nothing is mapped. */
  memory?(pid: number, address: bigint, length: number): Uint8Array | undefined
  /**
   * Where every look is a way to another machine: a view of what its earlier snapshots were asked for, fetched at once,
   * to be used now. What it was not asked for before, it fetches when asked. Rejects when the machine does not answer.
   */
  snapshot?(): Promise<FileView>
}

/** As statfs(2) gives it; `available` is what unprivileged users may still take. */
export interface FileSystemSpace {
  readonly sizeBytes: number
  readonly freeBytes: number
  readonly availableBytes: number
  readonly files: number
  readonly filesFree: number
}

/** A piece of a file, with what tells whether it is still the same file. */
export interface FilePart {
  readonly inode: number
  /** Size of the whole file. */
  readonly size: number
  readonly bytes: Uint8Array
}

/** How a node is connected to the others of its run: what cuts or slows its traffic does so at the switch. */
export interface NodeNetwork {
  /** Runs commands on the switch, which has an interface for each node; the same for all nodes that it connects. */
  readonly switch: Node
  /** The interface of the switch that the node is plugged into: what the node receives is sent there. */
  readonly port: string
  /** Ethernet address of the node, such as `02:51:c6:12:05:02`. */
  readonly hardwareAddress: string
}

/** The machine under a node that is a guest of this host: it can be looked at from outside, also when nothing in it answers. */
export interface GuestMachine {
  /** File on the controller that gets all that the kernel and the firmware print. */
  readonly console: string
  /** When its clock of the time since it booted was 0, in ns since the epoch. */
  readonly bootedAtNs: bigint
  /** Map of the kernel's symbols, where there is one: addresses hold, for guests boot without moving their kernel. */
  readonly symbols?: string
  /** A command of QEMU's monitor for people, such as `info registers -a`, and what it prints. */
  monitor(line: string): Promise<string>
  /** A command of QMP and what it returns. */
  execute(command: string, values?: Readonly<Record<string, unknown>>): Promise<unknown>
  /** Asks the kernel over its serial line for what SysRq and this letter print; it need not run anything to do so. */
  sysrq(letter: string): Promise<void>
}

export interface Node {
  /** `<group>/<ordinal>`. */
  readonly name: string
  readonly group: string
  readonly ordinal: number
  /** Nodes with the same value share a kernel, its processes and its metrics: such a host is looked at once. */
  readonly host: string
  /** Node's clock minus the controller's, in ns. */
  readonly clockOffsetNs: number
  /** Address at which the other nodes of the run reach it. */
  readonly address: string
  /** Where the node has a network that is not its host's: interfaces, sockets and counters of its own. */
  readonly network?: NodeNetwork
  /** What it has to offer from the beginning, besides `node-info`. */
  readonly providers?: Providers
  /**
   * Why its kernel and its processes cannot be looked at, where they cannot: commands run on another machine in its
   * stead. No sampler and no collector is asked about such a node.
   */
  readonly unseen?: string
  /** Scratch directory on the node, removed with the run. */
  readonly scratch: string
  /** Directory on the node whose files are kept: they are brought to the run directory at its end. */
  readonly artifacts: string
  /**
   * Runs to the end. A non-zero exit is a result, not an error. Argument lists are never seen by a shell. What it leaves in
   * the background goes on, over a connection only if it does not keep the output of the command.
   */
  run(command: readonly string[], options?: CommandOptions): Promise<CommandResult>
  /** Starts it and streams its output. Disposing ends it with all that it started, also after its own end. */
  spawn(command: readonly string[], options?: CommandOptions): Promise<RunningCommand>
  readFile(path: string): Promise<Uint8Array>
  writeFile(path: string, content: string | Uint8Array): Promise<void>
  /** Copies a file or a directory of the controller to the node. */
  upload(from: string, to: string, signal?: AbortSignal): Promise<void>
  /** Copies what is in a directory of the node into one of the controller; nothing to do when they are the same. */
  download(from: string, to: string, signal?: AbortSignal): Promise<void>
  /** Small files as they are now. */
  readonly files: FileView
  /**
   * Where a connection leads to it: aborts when that is lost, with an EnvironmentError as the reason. From then on nothing
   * can be had from the node but, with luck, its files.
   */
  readonly lost?: AbortSignal
  /** Set when it is reached over ssh: effects on it are recorded with it, and undone there. */
  readonly remote?: SshDestination
  /** Set when it is a virtual machine of this host. */
  readonly machine?: GuestMachine
  /** The machine ends with the run, and with it all that was done to it: effects on it are undone, and not recorded. */
  readonly isTransient?: boolean
}

/** Whether it is reached over a connection, which can be lost: it need not be another machine than this one. */
export const isConnectedTo = ({ remote, machine }: Node): boolean =>
  remote !== undefined || machine !== undefined
