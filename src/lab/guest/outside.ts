/** A guest seen from outside: its console as it grows, its monitor, its serial line. */
import { open } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConsoleReader } from '../../base/kernel-reports/console.ts'
import type { KernelReport } from '../../base/kernel-reports/report.ts'
import { TargetError } from '../../base/errors.ts'
import type { GuestMachine } from '../../plugin/node.ts'
import type { Machine } from '../qemu/machine.ts'
import { sockets } from '../qemu/hardware.ts'

/** How often the console is looked at, ms. */
const LOOK_MS = 200
/** A kernel that panics says more for a moment, ms. */
const LAST_WORDS_MS = 1500
const SETTLED_MS = 5 * LOOK_MS
const CHUNK = 64 << 10

/** What can be done to it from outside. */
export function outsideOf(machine: Machine, symbols: string | undefined): GuestMachine {
  const { monitor, place } = machine
  return {
    console: place.console,
    ...(symbols === undefined ? {} : { symbols }),
    monitor: (line) => monitor.human(line),
    execute: (command, values) => monitor.execute(command, values),
    sysrq: async (letter) => {
      const line = connect(join(place.directory, sockets.console))
      line.on('error', () => {})
      await once(line, 'connect')
      // SysRq of a serial line is a break, and the letter within five seconds (Documentation/admin-guide/sysrq.rst).
      await monitor.execute('chardev-send-break', { id: 'console' })
      line.end(letter)
      await once(line, 'close')
    },
  }
}

/**
 * Reads the console until it is disposed of. Each report of the kernel is told as it ends; one after which nothing in the
 * guest goes on makes the guest lost, with the report's title as the reason.
 */
export function watchConsole(machine: Machine, onReport: (report: KernelReport) => void): AsyncDisposable {
  const { name, guest, place } = machine
  let isOver = false
  const reader = new ConsoleReader({
    report: (report) => {
      onReport(report)
      if (!report.fatal) return
      setTimeout(() => {
        const reason = `the kernel of ${name} is dead: ${report.title}`
        guest.lose(new TargetError(reason, { code: 'QUARRY_GUEST_DEAD', remedy: `read ${place.console}` }))
      }, LAST_WORDS_MS).unref()
    },
  })
  const follow = async (): Promise<void> => {
    await using file = await open(place.console, 'r')
    const buffer = Buffer.alloc(CHUNK)
    for (let quietMs = 0; ;) {
      const wasOver = isOver
      const { bytesRead } = await file.read(buffer, 0, CHUNK)
      if (bytesRead > 0) {
        quietMs = 0
        reader.push(Buffer.from(buffer.subarray(0, bytesRead)))
        continue
      }
      if (wasOver) break
      quietMs += LOOK_MS
      // Then a report has come to its end, whether its last line has or not.
      if (quietMs === SETTLED_MS) reader.settle()
      await delay(LOOK_MS)
    }
    reader.end()
  }
  const following = follow()
  return {
    [Symbol.asyncDispose]: async () => {
      isOver = true
      await following
    },
  }
}
