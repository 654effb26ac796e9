/** What procfs says of one process or thread. */
import type { FileView } from '../../plugin/node.ts'

// After the command, which may hold anything: field 3, the state, is first.
function fields(files: FileView, pid: number): readonly string[] {
  const stat = files.text(`/proc/${pid}/stat`)
  return stat === undefined ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** When the process started, which with the pid names it for good; undefined when it is gone. */
export const startTimeOf = (files: FileView, pid: number): string | undefined => fields(files, pid)[19]

/** Its state, such as R, S, D, T; undefined when it is gone. */
export const stateOf = (files: FileView, pid: number): string | undefined => fields(files, pid)[0]

/** Process and command of a thread; undefined when it is gone. */
export function identityOf(
  files: FileView,
  tid: number,
): { readonly pid: number; readonly comm: string } | undefined {
  const status = files.text(`/proc/${tid}/status`)
  const [, pid] = /^Tgid:\s*(\d+)/m.exec(status ?? '') ?? []
  if (pid === undefined) return undefined
  return { pid: Number(pid), comm: files.text(`/proc/${tid}/comm`)?.replace(/\n$/, '') ?? '' }
}
