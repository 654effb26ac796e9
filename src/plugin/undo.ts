/** The undo ledger: every effect outside the run directory is written to it before it is made. */

/** A machine as OpenSSH understands it. What is left out is the user's own configuration. */
export interface SshDestination {
  /** `user@host`, `ssh://user@host:port` or an alias of the configuration. */
  readonly destination: string
  readonly port?: number
  readonly user?: string
  /** File of a private key. */
  readonly identity?: string
  /** Another file than ~/.ssh/config. */
  readonly config?: string
  readonly strictHostKeyChecking?: 'yes' | 'no' | 'accept-new'
}

/** One of these on this host, or on another. */
export type Effect = LocalEffect | RemoteEffect

export interface RemoteEffect {
  readonly type: 'remote'
  readonly host: SshDestination
  /** As below; a path is also the mark, QUARRY_NODE, of processes that are killed before it is removed. */
  readonly effect: LocalEffect
}

export type LocalEffect =
  /** A file or directory that is ours to remove: one in the directory for temporary files, named `quarry-...`. */
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'mount'; readonly path: string }
  /** A value to write back, such as a sysctl or a tracefs switch: below /proc/sys or /sys. */
  | { readonly type: 'restore'; readonly path: string; readonly content: string }
  /** A process that was stopped with SIGSTOP and must be continued; `started` is field 22 of /proc/PID/stat. */
  | { readonly type: 'stopped'; readonly pid: number; readonly started: string }
  /** Every process whose environment has QUARRY_RUN=<run>, and every one in the control group of the run. */
  | { readonly type: 'processes'; readonly run: string; readonly cgroup?: string }
  /** The network interface of this host that leads to the nodes of a run. */
  | { readonly type: 'link'; readonly name: string }
  /** A file `.quarry-fill-<16 hexadecimal digits>`, in any directory, that takes the space of its file system. */
  | { readonly type: 'filler'; readonly path: string }
  /** A control group `quarry-io-<16 hexadecimal digits>` whose members were taken from, and go back to, another. */
  | { readonly type: 'control-group'; readonly path: string; readonly from: string }
  /**
   * The clock file of a node, `.clock` in a directory `quarry-...`, by which its processes see another time: put back to
   * no offset. Shared memory that such processes left is removed too.
   */
  | { readonly type: 'clock'; readonly path: string }
  /** A tracefs instance directory. */
  | { readonly type: 'tracefs-instance'; readonly path: string }
  /** Objects of a manifest in a Kubernetes cluster. Both files are ours, below a directory `quarry-<run>-...`. */
  | {
      readonly type: 'kubernetes-objects'
      readonly kubeconfig: string
      readonly manifest: string
      readonly namespace?: string
    }
  /** Objects that were in the cluster before: the manifest says how they are put back. Files and directory as above. */
  | { readonly type: 'kubernetes-state'; readonly kubeconfig: string; readonly manifest: string }
  /** A Helm release in a Kubernetes cluster; the file is ours, as above. */
  | {
      readonly type: 'helm-release'
      readonly kubeconfig: string
      readonly release: string
      readonly namespace?: string
    }
  /** A cluster that kind made; its kubeconfig is ours, as above. */
  | { readonly type: 'kind-cluster'; readonly kubeconfig: string; readonly cluster: string }

/** Disposing undoes the effect and records that. When that fails, the ledger tries again at the end of the run. */
export interface RecordedEffect extends AsyncDisposable {
  /** The effect was not made: it will not be undone. */
  forget(): void
}

export interface UndoLedger {
  /** Records the effect before it is made. */
  record(effect: Effect): Promise<RecordedEffect>
}
