/**
 * A clock of the processes of one node that can be moved while they run. Nodes on one host share its clock, and moving
 * that would move Quarry's as well; so processes are started with a library in front of libc, which adds to the time of
 * day whatever a file says: libfaketime. Monotonic clocks and timers go on, as when a real clock is stepped.
 *
 * What asks the kernel without libc does not see it: statically linked programs, and Go.
 */
import { join } from 'node:path'
import { EnvironmentError } from '../../base/errors.ts'
import type { Need } from '../../plugin/need.ts'
import type { Node } from '../../plugin/node.ts'

/** Debian has the library in the package of the command that sets it up. */
export const clockNeed: Need = { type: 'tool', name: 'faketime', package: 'faketime' }

/** The file that holds the offset. */
export const clockFile = (node: Node): string => join(node.scratch, '.clock')

/** Environment of processes that take the time from it; the dynamic linker puts the directory for `$LIB`. */
export const clockEnvironment = (node: Node): Readonly<Record<string, string>> => ({
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
  FAKETIME_TIMESTAMP_FILE: clockFile(node),
  // Seconds for which an offset that was read holds; 10 would be its default.
  FAKETIME_CACHE_DURATION: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  // A process that starts during the skew has the same time as the others.
  FAKETIME_DONT_RESET: '1',
})

/**
 * Moves it to so many ms after the clock of the host, or before it when negative; seen within a second. What it leaves is
 * undone by an effect `clock` of the undo ledger, which is recorded first. Throws an EnvironmentError when it cannot.
 */
export async function moveClock(node: Node, offsetMs: number): Promise<void> {
  const seconds = `${offsetMs < 0 ? '-' : '+'}${(Math.abs(offsetMs) / 1000).toFixed(6)}`
  const file = clockFile(node)
  // Nobody may read a half-written one.
  await node.writeFile(`${file}.new`, `${seconds}\n`)
  const { ok, stderr } = await node.run(['mv', '-f', `${file}.new`, file])
  if (!ok) throw new EnvironmentError(`the clock of ${node.name} cannot be moved: ${stderr.trim()}`)
}
