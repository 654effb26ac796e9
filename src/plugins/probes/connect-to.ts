/** The connection that a probe makes: from this process, or from the machine that it is to be tried from. */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Dial, StreamDestination } from '../../plugin/probe.ts'

/** Emits `connect`; destroyed when the signal aborts. */
export function connectTo(to: StreamDestination, signal: AbortSignal, dial: Dial | undefined): Duplex {
  if (dial !== undefined) return dial(to, signal)
  return to.protocol === 'unix'
    ? connect({ path: to.path, signal })
    : connect({ host: to.host, port: to.port, signal })
}
