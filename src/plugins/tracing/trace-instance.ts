/**
 * A trace instance of our own, in a mount of our own: nobody else's tracing is touched, and nobody who unmounts
 * /sys/kernel/tracing takes the way to remove it.
 */
import { randomUUID } from 'node:crypto'
import { EnvironmentError } from '../../base/errors.ts'
import type { CollectContext } from '../../plugin/collector.ts'

/** $1 is the instance, $2 its clock, $3 the size of its buffers in kB, $4 thread ids or nothing, the rest are events. */
const SET_UP = `
cd "$1" && echo "$2" > trace_clock && echo "$3" > buffer_size_kb || exit 1
[ -z "$4" ] || echo "$4" > set_event_pid || exit 1
shift 4
for event; do echo "$event" >> set_event || exit 1; done`

export interface TraceInstanceOptions {
  /** Of the kernel's clocks for traces, such as `boot` or `mono`. */
  readonly clock: string
  readonly bufferKilobytes: number
  /** Threads whose events are wanted; of all when there are none. */
  readonly tids: readonly string[]
  /** `category:name`, in the order in which they are enabled. */
  readonly events: readonly string[]
}

/** Makes it and enables the events; gives its directory, which is removed with the stack. Throws an EnvironmentError. */
export async function openTraceInstance(
  context: CollectContext,
  stack: AsyncDisposableStack,
  { clock, bufferKilobytes, tids, events }: TraceInstanceOptions,
): Promise<string> {
  const { node, ledger } = context
  const mount = `${node.scratch}/tracing`
  await mustRun(context, ['mkdir', '-p', mount], 'no directory could be made')
  stack.use(await ledger.record({ type: 'mount', path: mount }))
  await mustRun(context, ['mount', '-t', 'tracefs', 'tracefs', mount], 'tracefs could not be mounted')
  const instance = `${mount}/instances/quarry-${randomUUID()}`
  stack.use(await ledger.record({ type: 'tracefs-instance', path: instance }))
  await mustRun(context, ['mkdir', instance], 'no trace instance could be made')
  const settings = [instance, clock, String(bufferKilobytes), tids.join(' '), ...events]
  await mustRun(context, ['sh', '-c', SET_UP, 'sh', ...settings], 'events could not be enabled')
  return instance
}

async function mustRun(context: CollectContext, command: readonly string[], what: string): Promise<void> {
  const result = await context.node.run(command, { signal: context.signal })
  if (result.ok) return
  throw new EnvironmentError(`tracefs: ${what} on ${context.node.name}: ${result.stderr.trim()}`, {
    code: 'QUARRY_FTRACE',
    remedy: 'run as root, on a kernel with CONFIG_FTRACE; quarry doctor shows which tracepoints there are',
  })
}
