import { open } from 'node:fs/promises'
import { z } from 'zod'
import { sleep } from '../../../base/abort.ts'
import { EnvironmentError } from '../../../base/errors.ts'
import type { CollectContext } from '../../../plugin/collector.ts'
import { defineCollector } from '../../../plugin/define.ts'
import { taskDumpParser } from './parse.ts'

/** The kernel is done when it has said nothing for so long, ms. */
const SILENCE_MS = 400
const LONGEST_MS = 20_000

export default defineCollector({
  id: 'sysrq',
  summary: 'What a kernel prints of itself when asked with SysRq: blocked tasks (w), all tasks (t), timers (q), memory (m)',
  shows: 'kernel stacks of blocked tasks, also of a guest in which no process runs any more',
  needs: [{ type: 'machine' }],
  tier: 'trace',
  tables: ['stacks'],
  inDefaultLadder: true,
  onReference: false,
  fromOutside: true,
  properties: z.strictObject({
    letters: z
      .string()
      .regex(/^[lmpqtw]+$/, 'letters that only print: l, m, p, q, t, w')
      .default('w')
      .describe('what is asked for, in this order'),
  }),
  async collect(context, { letters }) {
    for (const letter of letters) {
      const text = await answered(context, letter)
      if (text === '') context.note(`the kernel of ${context.node.name} does not answer SysRq ${letter}`)
      await context.ingest(`${letter}.txt`, text, taskDumpParser(context.rows))
    }
  },
})

/** What the console has beyond what it had when asked. */
async function answered({ node, signal }: CollectContext, letter: string): Promise<string> {
  const { machine, lost } = node
  if (machine === undefined) throw new EnvironmentError(`${node.name} is no virtual machine`)
  await using console = await open(machine.console, 'r')
  const before = (await console.stat()).size
  if (lost?.aborted === true) await machine.sysrq(letter)
  // While a process of the guest can ask, nothing depends on the serial line. The console shows all levels meanwhile.
  else await node.run(['sh', '-c', ASK, 'sh', letter], { signal, timeoutMs: LONGEST_MS })
  const began = performance.now()
  let size = before
  for (let changed = began; performance.now() - began < LONGEST_MS;) {
    await sleep(SILENCE_MS / 4, signal)
    const now = (await console.stat()).size
    if (now !== size) changed = performance.now()
    else if (performance.now() - changed > SILENCE_MS) break
    size = now
  }
  const { buffer, bytesRead } = await console.read(Buffer.alloc(size - before), 0, size - before, before)
  return buffer.toString('latin1', 0, bytesRead)
}

const ASK = `
level=$(cut -f 1 /proc/sys/kernel/printk)
echo 8 >/proc/sys/kernel/printk
echo "$1" >/proc/sysrq-trigger
echo "$level" >/proc/sys/kernel/printk`
