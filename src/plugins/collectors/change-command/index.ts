import { z } from 'zod'
import { TargetError } from '../../../base/errors.ts'
import { formatDuration } from '../../../base/duration.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { duration } from '../../../plugin/properties.ts'

export default defineCollector({
  id: 'change-command',
  summary: 'Runs commands of your own that change the host, to see whether they cure the symptom',
  needs: [],
  properties: z.strictObject({
    script: z.string().min(1).describe('commands for sh; $QUARRY_TARGETS holds the pids of the targets'),
    timeout: duration.prefault('1m').describe('time that it may take'),
  }),
  tier: 'change',
  shows: 'whether what you suspect cures it: restart a neighbour, remount, set a tunable',
  tables: [],
  inDefaultLadder: false,
  onReference: false,
  async collect(context, { script, timeout }) {
    const { node, targets, signal } = context
    const result = await node.run(['sh', '-c', script], {
      signal,
      timeoutMs: timeout,
      env: { QUARRY_TARGETS: targets.map(({ pid }) => pid).join(' ') },
    })
    await context.ingest('stdout.txt', result.stdout)
    if (result.stderr !== '') await context.ingest('stderr.txt', result.stderr)
    if (result.ok) return
    const how = result.timedOut
      ? `took longer than ${formatDuration(timeout)} and was ended`
      : `ended with ${result.exitCode === null ? `signal ${result.signal}` : `exit code ${result.exitCode}`}`
    context.note(`the script of change-command ${how}`)
    throw new TargetError(
      `the script of change-command ${how} on ${node.name}: ${result.stderr.trim().split('\n').slice(-3).join('; ')}`,
      { code: 'QUARRY_CHANGE_COMMAND', remedy: 'try the script by hand on that node' },
    )
  },
})
