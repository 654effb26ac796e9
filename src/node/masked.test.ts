import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { createSecrets } from '../engine/secrets.ts'
import { localNode } from './local.ts'
import { maskedNode } from './masked.ts'

const secrets = createSecrets({ token: 'hunter2' })
const node = maskedNode(localNode({ run: 'masked', group: 'server', ordinal: 0, scratch: tmpdir() }), secrets)

test('what commands print and small files say is masked; the rest of the node is as it was', async () => {
  const { stdout, stderr } = await node.run(['sh', '-c', 'echo hunter2; echo hunter2 >&2'])
  expect(stdout + stderr).toBe('<redacted>\n<redacted>\n')
  expect(node.files.text('/proc/self/cmdline')).not.toContain('hunter2')
  expect(node.files.list('/proc').length).toBeGreaterThan(10)
  expect(node.files.count('/proc/self/fd')).toBeGreaterThan(0)
  expect(node.name).toBe('server/0')
})

test('a stream is masked, its result too, and it can be disposed of', async () => {
  await using running = await node.spawn(['sh', '-c', 'echo hunter2; echo hunter2 >&2; sleep 100'])
  const seen: string[] = []
  for await (const chunk of running.stdout) {
    seen.push(Buffer.from(chunk).toString())
    await running.stop()
  }
  expect(seen.join('')).toBe('<redacted>\n')
  expect((await running.done).stderr).toBe('<redacted>\n')
})
