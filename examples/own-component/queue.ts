/** A plug-in: a module that works a small queue in files, and a checker that judges what came out of it. */
import { defineChecker, defineModule, z } from 'quarry/plugin'

const queueRound = defineModule({
  id: 'queue-round',
  summary: 'appends numbers to a file on a node and reads them back',
  needs: [],
  properties: z.strictObject({
    rounds: z.int().min(1).max(10_000).describe('how many numbers'),
    directory: z.string().min(1).describe('directory below the scratch directory of the node'),
  }),
  lifetime: 'run_once',
  run: async (context, { rounds, directory }) => {
    const [node] = context.group('server')
    if (node === undefined) throw new Error('the server group has no node')
    for (let number = 1; number <= rounds; number += 1) {
      context.operation('invoke', number)
      const script = 'mkdir -p "$1" && echo "$2" >> "$1/queue" && tail -n 1 "$1/queue"'
      const result = await node.run(['bash', '-c', script, 'bash', directory, String(number)], {
        signal: context.signal,
      })
      if (result.ok) context.operation('ok', Number(result.stdout))
      else context.operation('fail', result.stderr)
    }
    context.log(`${rounds} numbers`)
  },
})

const queueOrder = defineChecker({
  id: 'queue-order',
  summary: 'what the queue gave back ascends by one',
  needs: [],
  properties: z.strictObject({}),
  check: async ({ history }) => {
    const given = history.filter(({ kind, module }) => kind === 'ok' && module === 'queue-round')
    if (given.length === 0) return { verdict: 'unknown', message: 'nothing came out of the queue' }
    const wrong = given.findIndex(({ value }, index) => value !== index + 1)
    return wrong === -1
      ? { verdict: 'pass', message: `${given.length} messages, each once and in order` }
      : { verdict: 'fail', message: `message ${wrong + 1} is ${String(given[wrong]?.value)}` }
  },
})

export default [queueRound, queueOrder]
