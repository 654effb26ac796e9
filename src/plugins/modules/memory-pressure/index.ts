/** A neighbour that takes memory, so that what is left for the system under test is little. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { EnvironmentError } from '../../../base/errors.ts'
import { defineModule } from '../../../plugin/define.ts'
import type { Node, RunningCommand } from '../../../plugin/node.ts'
import { repeated } from '../../../plugin/repeat.ts'
import { selectNodes } from '../../../plugin/selection.ts'
import { size } from '../../faults/size.ts'
import { nodeFaultProperties } from '../../faults/nodes.ts'
import { untilOver } from '../../faults/until-over.ts'

const source = new URL('./hog.c', import.meta.url)

export default defineModule({
  id: 'memory-pressure',
  summary: 'takes memory of hosts for a time, and always leaves a reserve',
  needs: [
    { type: 'tool', name: 'cc', package: 'gcc' },
    { type: 'file', path: '/usr/include/stdio.h', remedy: 'apt-get install -y libc6-dev' },
  ],
  properties: z.strictObject({
    ...nodeFaultProperties,
    amount: size
      .refine((bytes) => bytes >= 4 * 2 ** 20, { error: 'is less than 4M, which is what is taken at a time' })
      .optional()
      .describe('how much is taken, such as 2G; everything but the reserve when left out'),
    reserve: size
      .prefault('512M')
      .refine((bytes) => bytes >= 64 * 2 ** 20, { error: 'is less than 64M, with which no host goes on' })
      .describe('what always stays available to everybody else: memory is given back when it is less'),
  }),
  lifetime: 'dynamic',
  run: (context, given) =>
    repeated(context, given, async () => {
      const { amount = 0, reserve } = given
      const selected = selectNodes((name) => context.group(name), given)
      // One for each host: nodes on the same one share its memory.
      const nodes = [...new Map(selected.toReversed().map((node) => [node.host, node])).values()]
      context.operation('invoke', { nodes: nodes.map(({ name }) => name), amount, reserve })
      {
        await using stack = new AsyncDisposableStack()
        const taken = []
        const hogs: { readonly node: Node; readonly running: RunningCommand }[] = []
        for (const node of nodes) {
          const hog = await startHog(node, amount, reserve, context.signal)
          stack.use(hog.running)
          taken.push({ node: node.name, bytes: hog.bytes })
          hogs.push({ node, running: hog.running })
          context.log(`${node.name}: took ${hog.bytes} bytes`)
        }
        context.operation('info', { taken })
        const ended = hogs.map(({ node, running }) =>
          running.done.then((): never => {
            throw takenBack(node)
          }),
        )
        await untilOver(context, given.duration, ended)
      }
      context.log('given back')
      context.operation('ok')
    }),
})

/** Builds and starts it, and waits until it has what it may take. */
async function startHog(
  node: Node,
  amount: number,
  reserve: number,
  signal: AbortSignal,
): Promise<{ readonly running: RunningCommand; readonly bytes: number }> {
  const program = join(node.scratch, `quarry-hog-${randomBytes(4).toString('hex')}`)
  await node.writeFile(`${program}.c`, readFileSync(source))
  const built = await node.run(['cc', '-O2', '-o', program, `${program}.c`], {
    signal,
    // What it leaves when it is killed goes with the scratch directory.
    env: { TMPDIR: node.scratch },
  })
  if (!built.ok) throw failed('be built', built.stderr)
  await using stack = new AsyncDisposableStack()
  const running = stack.use(await node.spawn([program, String(amount), String(reserve)], { signal }))
  let said = ''
  for await (const chunk of running.stdout) {
    said += Buffer.from(chunk).toString()
    if (said.includes('\n')) break
  }
  const bytes = /^ready (\d+)$/m.exec(said)?.[1]
  if (bytes === undefined) throw failed('take any', (await running.done).stderr)
  stack.move()
  return { running, bytes: Number(bytes) }
}

const takenBack = (node: Node): EnvironmentError =>
  new EnvironmentError(`${node.name}: memory ran out, and the kernel ended what had taken it`, {
    code: 'QUARRY_MEMORY',
    remedy: 'take less, with a smaller amount or a larger reserve',
  })

const failed = (what: string, stderr: string): EnvironmentError =>
  new EnvironmentError(`the program that takes memory cannot ${what}: ${stderr.trim().slice(-500)}`, {
    code: 'QUARRY_MEMORY',
    remedy: 'apt-get install -y gcc libc6-dev',
  })
