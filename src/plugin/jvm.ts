/** How to tell a Java virtual machine. */
import type { FileView } from './node.ts'

/** Whether a process is one, also when it is embedded in a program that is not called java. */
export const isJvm = (files: FileView, pid: number): boolean =>
  files.link(`/proc/${pid}/exe`)?.endsWith('/java') === true ||
  (files.text(`/proc/${pid}/maps`) ?? '').includes('/libjvm.so')

/** Whether a signal has stopped a process: until another lets it go on, it answers no tool that attaches or asks. */
export const isStopped = (files: FileView, pid: number): boolean =>
  /^State:\s+T/m.test(files.text(`/proc/${pid}/status`) ?? '')
