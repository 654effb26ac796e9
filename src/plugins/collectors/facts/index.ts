import { z } from 'zod'
import { defineCollector } from '../../../plugin/define.ts'
import { dumpOf } from '../../../plugin/file-dump.ts'
import { dumpHost } from './host.ts'
import { dumpPackages } from './packages.ts'
import { factsParser } from './parse.ts'
import { dumpSysctls } from './sysctls.ts'
import { dumpTarget } from './targets.ts'

export default defineCollector({
  id: 'facts',
  summary:
    'What the host is: kernel, its settings and modules, CPUs, memory, disks, limits of the targets, packages',
  shows:
    'kernel, command line, sysctls, scheduler features, modules, CPUs, clock source, cgroup limits, packages',
  needs: [],
  tier: 'read',
  tables: ['facts'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({}),
  async collect(context) {
    const { node, targets, signal } = context
    const pids = targets.map((target) => target.pid)
    const machine = (await node.run(['uname', '-m'], { signal })).stdout.trim()
    const sysctls = dumpSysctls(node.files)
    if (!sysctls.complete) context.note('there are more sysctls than are shown')
    const dump =
      dumpOf('@machine', machine) +
      dumpHost(node.files) +
      sysctls.dump +
      (await dumpPackages(node, pids, signal)) +
      pids.map((pid) => dumpTarget(node.files, pid)).join('')
    await context.ingest('host', dump, factsParser(context.rows))
  },
})
