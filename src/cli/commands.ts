/** Every command that there is: what it is for, and where its code is. Loaded one at a time, so that a start is fast. */
import type { AnyCommand } from './command.ts'

export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<{ readonly command: AnyCommand }>
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  doctor: {
    summary: 'what this host can collect and run, and what to install for the rest',
    load: () => import('./doctor.ts'),
  },
}
