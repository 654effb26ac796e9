/** Every command that there is: what it is for, and where its code is. Loaded one at a time, so that a start is fast. */
import type { AnyCommand } from './command.ts'

export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<{ readonly command: AnyCommand }>
}

export const commands: Readonly<Record<string, CommandEntry>> = {}
