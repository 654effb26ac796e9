/** Space and inodes of mounted file systems, as node_exporter's filesystem. */
import type { FileView } from '../../../plugin/node.ts'
import type { SampleSink, SeriesHandle } from '../../../plugin/sampler.ts'

/**
 * node_exporter's list of types that hold no data, and beyond it whatever has a server behind it: statfs(2) on the
 * mount of a server that is gone does not return, and would take the observer with it.
 */
export const defaultTypesExclude =
  '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|' +
  'overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|efivarfs|ramfs|' +
  'nfs4?|cifs|smb3|smbfs|9p|ceph|afs|coda|lustre|gfs2|ocfs2|orangefs|virtiofs|fuse.*)$'

/** node_exporter's default. */
export const defaultMountPointsExclude =
  '^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)'

const gauges = ['size_bytes', 'free_bytes', 'avail_bytes', 'files', 'files_free', 'readonly', 'device_error']

interface Mount {
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  readonly readonly: boolean
}

/** Mounts of a /proc/PID/mounts text; blanks and the like are written there as `\040`. */
export function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [device, mountpoint, fstype, options] = line.split(' ').map(unescapeOctal)
    if (device === undefined || mountpoint === undefined || fstype === undefined) continue
    mounts.push({ device, mountpoint, fstype, readonly: options?.split(',').includes('ro') ?? false })
  }
  return mounts
}

const unescapeOctal = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Reads the file systems that are mounted at the time. */
export class FileSystems {
  readonly #sink: SampleSink
  readonly #typesExclude: RegExp
  readonly #mountPointsExclude: RegExp
  #mountsText = ''
  #mounts = new Map<string, { readonly mount: Mount; readonly handles: readonly SeriesHandle[] }>()

  constructor(sink: SampleSink, typesExclude: RegExp, mountPointsExclude: RegExp) {
    this.#sink = sink
    this.#typesExclude = typesExclude
    this.#mountPointsExclude = mountPointsExclude
  }

  /** One reading. */
  sample(files: FileView): void {
    if (files.space === undefined) return
    // Those of process 1, because this one may live in a mount namespace of its own.
    const text = files.text('/proc/1/mounts') ?? files.text('/proc/self/mounts') ?? ''
    if (text !== this.#mountsText) this.#update(text)
    for (const { mount, handles } of this.#mounts.values()) {
      const [size, free, available, inodes, inodesFree, readonly, error] = handles
      const space = files.space(mount.mountpoint)
      error?.set(space === undefined ? 1 : 0)
      readonly?.set(mount.readonly ? 1 : 0)
      if (space === undefined) continue
      size?.set(space.sizeBytes)
      free?.set(space.freeBytes)
      available?.set(space.availableBytes)
      inodes?.set(space.files)
      inodesFree?.set(space.filesFree)
    }
  }

  /** Takes up new mounts and forgets those that are gone. */
  #update(text: string): void {
    const before = this.#mounts
    this.#mounts = new Map()
    for (const mount of parseMounts(text)) {
      const { device, mountpoint, fstype } = mount
      if (this.#typesExclude.test(fstype) || this.#mountPointsExclude.test(mountpoint)) continue
      const labels = { device, mountpoint, fstype }
      const key = JSON.stringify(labels)
      const handles =
        before.get(key)?.handles ?? gauges.map((what) => this.#sink.series(`node_filesystem_${what}`, labels))
      this.#mounts.set(key, { mount, handles })
    }
    for (const [key, { handles }] of before) {
      if (!this.#mounts.has(key)) handles.forEach((handle) => this.#sink.forget(handle))
    }
    this.#mountsText = text
  }
}
