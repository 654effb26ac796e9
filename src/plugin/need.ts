/** What a component needs of a node. `quarry doctor` and the ladder check it before use, and say what is missing. */

export type Need =
  /** An executable on PATH; `package` is its Debian package. */
  | { readonly type: 'tool'; readonly name: string; readonly package: string }
  /** An executable on PATH that no package of Debian brings; the remedy says where it is to be had. */
  | { readonly type: 'program'; readonly name: string; readonly remedy: string }
  | { readonly type: 'root' }
  /** A Linux capability such as `CAP_SYS_PTRACE`; root has them all unless they were dropped. */
  | { readonly type: 'capability'; readonly name: string }
  /** A readable file, such as /proc/timer_list. */
  | { readonly type: 'file'; readonly path: string; readonly remedy: string }
  /** tracefs, mounted or mountable. */
  | { readonly type: 'tracefs' }
  /** A tracepoint, `category:name`. */
  | { readonly type: 'tracepoint'; readonly name: string }
  /** A CONFIG_ option of the running kernel. */
  | { readonly type: 'kernel'; readonly option: string }
  /** A node that is a virtual machine of this host. Not a defect of one that is not. */
  | { readonly type: 'machine' }
  /** A process of this kind among the targets, such as a JVM. Not a defect of the host when there is none. */
  | { readonly type: 'target'; readonly what: 'jvm' | 'any' }

/** A need that is not met: why, and what to type. */
export interface Missing {
  readonly need: Need
  readonly why: string
  readonly remedy: string
}
