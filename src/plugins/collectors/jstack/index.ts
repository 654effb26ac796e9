import { dirname } from 'node:path'
import { z } from 'zod'
import { formatDuration } from '../../../base/duration.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { isJvm, isStopped } from '../../../plugin/jvm.ts'
import { duration } from '../../../plugin/properties.ts'
import { jstackParser } from './parse.ts'

export default defineCollector({
  id: 'jstack',
  summary: 'Stacks of all Java threads, with the monitors that they hold and wait for',
  shows: 'Java threads: what they do, wait for and hold',
  needs: [
    { type: 'tool', name: 'jstack', package: 'default-jdk-headless' },
    { type: 'target', what: 'jvm' },
  ],
  tier: 'sample',
  tables: ['stacks'],
  inDefaultLadder: true,
  onReference: true,
  properties: z.strictObject({
    timeout: duration
      .prefault('15s')
      .describe(
        'time for each jstack: a machine that reaches no safepoint within it will not reach one soon',
      ),
  }),
  async collect(context, { timeout }) {
    const { node, targets } = context
    const machines = targets.filter(({ pid }) => isJvm(node.files, pid))
    if (machines.length === 0) context.note('the Java virtual machines are gone')
    const failures: string[] = []
    for (const { pid, comm } of machines) {
      const failure = await dump(context, pid, timeout)
      if (failure !== undefined) failures.push(`jstack of ${comm} (${pid}) failed: ${failure}`)
    }
    if (failures.length > 0 && failures.length === machines.length) {
      throw new EnvironmentError(failures.join('; '))
    }
    for (const failure of failures) context.note(failure)
  },
})

/** Why it failed, or nothing. */
async function dump(context: CollectContext, pid: number, timeoutMs: number): Promise<string | undefined> {
  if (isStopped(context.node.files, pid)) return 'it is stopped by a signal, and answers nobody'
  const command = [...(await asOwner(context, pid)), await jstackOf(context, pid), String(pid)]
  await using running = await context.node.spawn(command, { signal: context.signal, timeoutMs })
  await context.ingest(`jstack-${pid}`, running.stdout, jstackParser(context.rows, pid))
  const { ok, timedOut, stderr } = await running.done
  if (timedOut) return `no answer within ${formatDuration(timeoutMs)}`
  return ok ? undefined : stderr.trim().slice(-300)
}

/** A machine lets only its own user attach; root becomes that user. */
async function asOwner({ node, signal }: CollectContext, pid: number): Promise<readonly string[]> {
  const status = node.files.text(`/proc/${pid}/status`) ?? ''
  const [, uid = '0'] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? []
  const [, gid = '0'] = /^Gid:\s+\d+\s+(\d+)/m.exec(status) ?? []
  const own = (await node.run(['id', '-u'], { signal })).stdout.trim()
  return own === '0' && uid !== '0'
    ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--']
    : []
}

/** The tool beside the java that runs, because versions must agree; otherwise the one on PATH. */
async function jstackOf({ node, signal }: CollectContext, pid: number): Promise<string> {
  const java = node.files.link(`/proc/${pid}/exe`)
  if (java === undefined) return 'jstack'
  const beside = `${dirname(java)}/jstack`
  return (await node.run(['test', '-x', beside], { signal })).ok ? beside : 'jstack'
}
