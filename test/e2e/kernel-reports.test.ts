/** A symptom told by the kernel: a report in its log is counted, climbed upon, and becomes the finding. */
import { expect, test } from 'vitest'
import type { RunResult } from '../../src/model/run.ts'
import { jsonOf, workplace } from '../harness/quarry.ts'

/** What a kernel writes of a task that hangs, line by line, as root. */
const REPORT = [
  'INFO: task quarry-demo:4242 blocked for more than 120 seconds.',
  'task:quarry-demo state:D stack:0 pid:4242',
  'Call Trace:',
  ' <TASK>',
  ' __schedule+0x34d/0xa00',
  ' schedule+0x5a/0xd0',
  ' demo_wait_for_disk+0x11/0x20',
  ' vfs_write+0xc7/0x3f0',
  ' </TASK>',
]

test('increase(kernel_reports_total) tells a hung task, and diagnosis says which', async () => {
  using place = workplace()
  const script = [...REPORT.map((line) => `echo '<4>${line}' > /dev/kmsg`), 'exec sleep 60'].join('\n')
  const file = place.write(
    'hung.yaml',
    JSON.stringify({
      ensemble: { server: { 'node.count': 1, provisioner: 'local' } },
      workload: {
        phases: [
          { calm: { module: 'sleep', properties: { duration: '3s' } } },
          { trouble: { module: 'bash', properties: { script } } },
        ],
      },
      observe: { every: '500ms', samplers: ['kernel-reports'] },
      symptoms: {
        complains: {
          when: 'increase(kernel_reports_total{kind="hung-task"}[1m]) > 0',
          // oxlint-disable-next-line unicorn/no-thenable -- it is the name of the key
          then: ['capture', 'stop'],
        },
      },
      evidence: { ladder: ['kernel-log'] },
    }),
  )
  const ended = await place.start('run', file, '--json').done
  const { verdict, findings } = jsonOf<RunResult>(ended)
  expect([ended.exitCode, verdict]).toEqual([1, 'fail'])
  const found = findings.find(({ subject }) => subject.function === 'demo_wait_for_disk')
  expect(found).toMatchObject({ kind: 'overdue', confident: true, subject: { comm: 'quarry-demo' } })
})
