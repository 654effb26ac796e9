/** How to tell a Java virtual machine. */
import type { FileView } from './node.ts'

/** Whether a process is one, also when it is embedded in a program that is not called java. */
export const isJvm = (files: FileView, pid: number): boolean =>
  files.link(`/proc/${pid}/exe`)?.endsWith('/java') === true ||
  (files.text(`/proc/${pid}/maps`) ?? '').includes('/libjvm.so')
