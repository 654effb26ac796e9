/** Where all commands spend their time, on CPUs and off them. */
import type { CaseData } from '../case-data.ts'
import { callTree } from '../profile.ts'
import { flameGraphs, flameKey } from './flame.ts'
import { Html, html } from './html.ts'

/** Flame graphs of everything; null when no stack was taken. The time off CPUs is mostly waiting, and folded away. */
export function profiles({ profiles: all }: CaseData): Html | null {
  if (all.length === 0) return null
  const graphs = all.map((profile) =>
    profile.state === 'on-cpu'
      ? flameGraphs(callTree(profile), 'on-CPU time of all commands')
      : html`<details>
          <summary>Time off CPU: blocked, asleep, or waiting for a CPU</summary>
          ${flameGraphs(callTree(profile), 'off-CPU time of the targets')}
        </details>`,
  )
  return html`${flameKey}${graphs}`
}
