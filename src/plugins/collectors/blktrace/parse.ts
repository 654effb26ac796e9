/**
 * Lines of blkparse -> `block_io`: a row for each process, device and operation, and one for each request that had not
 * completed when observation ended (`finished` is false, its times are those so far).
 *
 * A request is of the process that queued its first part, whoever issued it: that may be a kernel worker, and completions
 * come in whatever process the interrupt met. Parts that were merged, at either end, lie within the request that is
 * issued. See blkparse(1) for the letters of actions. Read from a pipe it puts events in order only roughly, as each CPU
 * hands over its own in lumps: they are put in order here.
 */
import type { Parser, RowSink } from '../../../plugin/evidence.ts'
import { lineParser } from '../../../plugin/line-parser.ts'
import { operationOf } from '../../tracing/block-operations.ts'

/** What blkparse is to print of each event: device, action, operation, time, first sector, sectors, bytes, process. */
export const FORMAT = String.raw`%D %a %d %5T.%9t %S %n %N %p %C|\n`

const LINE = /^\s*(\d+),(\d+)\s+([A-Z]+)\s+(\S+)\s+(\d+)\.\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+) (.*)\|$/

/** A part of a request, or a request that was issued. */
interface Request {
  /** Tells it from all others that are under way. */
  readonly key: string
  readonly device: string
  readonly sector: number
  readonly operation: string
  readonly bytes: number
  readonly pid: number
  readonly comm: string
  readonly queuedNs: number
  readonly issuedNs?: number
}

interface Event {
  readonly action: string
  readonly ns: number
  readonly request: Request
}

/** Events that are kept to be put in order; the older half is handled when there are so many. */
const MOST_PENDING = 100_000

/** Requests of one process, device and operation. */
interface Sum {
  readonly first: Request
  bytes: number
  queueNs: number
  latencyNs: number
  maxNs: number
  count: number
}

/** `deviceName` gives the name of a device, such as `sda` of `8:0`. */
export function createBlktraceParser(sink: RowSink, deviceName: (majorMinor: string) => string): Parser {
  return lineParser(sink, (rows) => {
    const queued = new Map<string, Request>()
    const issued = new Map<string, Request>()
    const sums = new Map<string, Sum>()
    let pending: Event[] = []
    let now = 0

    const issue = (event: Request, ns: number): void => {
      const end = event.sector + event.bytes / 512
      let owner: Request | undefined
      for (const [at, part] of queued) {
        if (part.device !== event.device || part.sector < event.sector || part.sector >= end) continue
        queued.delete(at)
        owner = owner === undefined || part.queuedNs < owner.queuedNs ? part : owner
      }
      const { pid, comm, queuedNs } = owner ?? { ...event, queuedNs: ns }
      issued.set(event.key, { ...event, pid, comm, queuedNs, issuedNs: ns })
    }
    const complete = (key: string, ns: number): void => {
      const request = issued.get(key)
      // Issued before tracing began; or a clock of another CPU that was behind.
      if (request?.issuedNs === undefined || ns < request.issuedNs) return
      issued.delete(key)
      const { comm, pid, device, operation, bytes, queuedNs, issuedNs } = request
      const id = `${device} ${operation} ${pid} ${comm}`
      const sum = sums.get(id) ?? { first: request, bytes: 0, queueNs: 0, latencyNs: 0, maxNs: 0, count: 0 }
      sums.set(id, sum)
      sum.bytes += bytes
      sum.queueNs += Math.max(0, issuedNs - queuedNs)
      sum.latencyNs += ns - issuedNs
      sum.maxNs = Math.max(sum.maxNs, ns - issuedNs)
      sum.count += 1
    }
    const handle = (count: number): void => {
      pending.sort((a, b) => a.ns - b.ns)
      for (const { action, ns, request } of pending.slice(0, count)) {
        if (action === 'Q') queued.set(request.key, request)
        else if (action === 'D') issue(request, ns)
        else if (action === 'C') complete(request.key, ns)
        else requeue(request.key, queued, issued)
      }
      pending = pending.slice(count)
    }
    return {
      line: (line) => {
        const event = eventOf(line)
        if (event === undefined) return false
        // A clock that was behind at the first event makes times of centuries.
        if (event.ns > 1e15) return true
        now = Math.max(now, event.ns)
        if (HANDLED.includes(event.action)) pending.push(event)
        if (pending.length >= MOST_PENDING) handle(MOST_PENDING / 2)
        return true
      },
      end: () => {
        handle(pending.length)
        for (const { first, bytes, queueNs, latencyNs, maxNs, count } of sums.values())
          rows.add('block_io', {
            ...ownerOf(first, deviceName),
            bytes,
            queue_ns: queueNs,
            latency_ns: latencyNs,
            max_ns: maxNs,
            count,
            finished: true,
          })
        for (const request of [...issued.values(), ...queued.values()]) {
          const { bytes, queuedNs, issuedNs } = request
          rows.add('block_io', {
            ...ownerOf(request, deviceName),
            bytes,
            queue_ns: Math.max(0, (issuedNs ?? now) - queuedNs),
            ...(issuedNs === undefined ? {} : { latency_ns: now - issuedNs, max_ns: now - issuedNs }),
            count: 1,
            finished: false,
          })
        }
        return true
      },
    }
  })
}

/** Queued, issued, completed, requeued. */
const HANDLED = 'QDCR'

function eventOf(line: string): Event | undefined {
  const [, major, minor, action, rwbs = '', s, fraction, sector = '', , bytes, pid, comm = ''] =
    LINE.exec(line) ?? []
  if (action === undefined) return undefined
  const ns = Number(s) * 1e9 + Number(fraction)
  const device = `${major}:${minor}`
  const operation = operationOf(rwbs)
  // Requests without sectors, such as flushes, are told apart by their operation.
  const key = `${device} ${sector}${Number(bytes) === 0 && sector === '0' ? ` ${operation}` : ''}`
  const size = Number(bytes)
  const request = {
    key,
    device,
    sector: Number(sector),
    operation,
    bytes: size,
    pid: Number(pid),
    comm,
    queuedNs: ns,
  }
  return { action, ns, request }
}

/** It goes back into the queue, where it has been since it was first queued. */
function requeue(key: string, queued: Map<string, Request>, issued: Map<string, Request>): void {
  const request = issued.get(key)
  if (request === undefined) return
  issued.delete(key)
  const { issuedNs: _, ...back } = request
  queued.set(key, back)
}

/** blkparse knows no name for a process that it has not seen. */
const ownerOf = ({ comm, pid, device, operation }: Request, deviceName: (name: string) => string) => ({
  ...(comm === '' || comm === '(null)' ? {} : { comm }),
  pid,
  device: deviceName(device),
  operation,
})
