/** QEMU's monitor, spoken to in QMP (docs/interop/qmp-spec.txt of QEMU): JSON objects, a line each, over a Unix socket. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { EnvironmentError, messageOf } from '../../base/errors.ts'

const message = z.union([
  z.object({ return: z.unknown(), id: z.int() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.int() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ QMP: z.unknown() }),
])

/** Something that QEMU says on its own, such as `SHUTDOWN`. */
export interface MonitorEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Disposing hangs up; the machine goes on. */
export interface Monitor extends AsyncDisposable {
  /** Resolves with what QEMU returns; rejects with an EnvironmentError when it refuses, or is gone. */
  execute(command: string, values?: Readonly<Record<string, unknown>>): Promise<unknown>
  /** A command of the monitor for people, such as `info registers -a`, and what it prints. */
  human(line: string): Promise<string>
  onEvent(listener: (event: MonitorEvent) => void): void
}

/** How often the socket of a QEMU that has just been started is tried, ms. */
const RETRY_MS = 5

/** Connects as soon as there is a socket; `ended` aborts when QEMU has ended, with the reason. */
export async function openMonitor(path: string, ended: AbortSignal): Promise<Monitor> {
  for (;;) {
    ended.throwIfAborted()
    const socket = connect(path)
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    if (isOpen) {
      const monitor = new QmpMonitor(socket)
      await monitor.execute('qmp_capabilities')
      return monitor
    }
    await delay(RETRY_MS)
  }
}

class QmpMonitor implements Monitor {
  readonly #socket: Socket
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #listeners: ((event: MonitorEvent) => void)[] = []
  #last = 0

  constructor(socket: Socket) {
    this.#socket = socket
    let pending = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      const lines = (pending + String(chunk)).split('\n')
      pending = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') this.#take(line)
    })
    socket.on('error', () => {})
    socket.once('close', () => {
      for (const { reject } of this.#open.values())
        reject(new EnvironmentError('the virtual machine has ended'))
      this.#open.clear()
    })
  }

  execute(command: string, values: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(new EnvironmentError('the virtual machine has ended'))
    this.#last += 1
    const answer = Promise.withResolvers<unknown>()
    this.#open.set(this.#last, answer)
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: values, id: this.#last })}\n`)
    return answer.promise.catch((error: unknown) => {
      throw new EnvironmentError(`QEMU refuses ${command}: ${messageOf(error)}`, { code: 'QUARRY_QEMU' })
    })
  }

  async human(line: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': line }))
  }

  onEvent(listener: (event: MonitorEvent) => void): void {
    this.#listeners.push(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return
    const closed = once(this.#socket, 'close')
    this.#socket.destroy()
    await closed
  }

  #take(line: string): void {
    const said = message.parse(JSON.parse(line))
    if ('QMP' in said) return
    if ('event' in said) {
      for (const listener of this.#listeners) listener(said)
      return
    }
    const answer = this.#open.get(said.id)
    this.#open.delete(said.id)
    if ('error' in said) answer?.reject(new Error(said.error.desc))
    else answer?.resolve(said.return)
  }
}
