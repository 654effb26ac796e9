/** What is read of a target: its program, limits and control groups. */
import { dumpFiles, dumpLink } from '../../../plugin/file-dump.ts'
import type { FileView } from '../../../plugin/node.ts'

const CGROUP = '/sys/fs/cgroup'
const LIMITS: Readonly<Record<string, readonly string[]>> = {
  '': [
    'memory.max',
    'memory.high',
    'memory.swap.max',
    'cpu.max',
    'cpu.weight',
    'cpuset.cpus',
    'pids.max',
    'io.max',
  ],
  memory: ['memory.limit_in_bytes', 'memory.soft_limit_in_bytes'],
  cpu: ['cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpu.shares'],
  cpuset: ['cpuset.cpus'],
  pids: ['pids.max'],
}

/** Files of the process first, then those of its control groups, each group before the one around it. */
export function dumpTarget(files: FileView, pid: number): string {
  const process = `/proc/${pid}`
  const groups = (files.text(`${process}/cgroup`) ?? '').trim().split('\n')
  return (
    dumpFiles(files, [`${process}/comm`]) +
    dumpLink(files, `${process}/exe`) +
    dumpFiles(files, [
      `${process}/limits`,
      `${process}/status`,
      `${process}/oom_score_adj`,
      `${process}/cgroup`,
    ]) +
    dumpFiles(
      files,
      groups.flatMap((line) => limitFiles(files, line)),
    )
  )
}

/** A line of /proc/PID/cgroup, `0::/a/b` or `4:cpu,cpuacct:/a/b`. */
function limitFiles(files: FileView, line: string): string[] {
  const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
  if (controllers === undefined || path === undefined || path.includes('..')) return []
  const names =
    controllers === '' ? (LIMITS[''] ?? []) : controllers.split(',').flatMap((name) => LIMITS[name] ?? [])
  const unified = files.text(`${CGROUP}/cgroup.controllers`) === undefined ? `${CGROUP}/unified` : CGROUP
  const root = controllers === '' ? unified : `${CGROUP}/${controllers}`
  const paths: string[] = []
  // Limits of outer groups hold as well.
  for (let group = path === '/' ? '' : path; ; group = group.slice(0, group.lastIndexOf('/'))) {
    paths.push(...names.map((name) => `${root}${group}/${name}`))
    if (group === '') return paths
  }
}
