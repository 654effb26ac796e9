/** Where the commands of the case spend their time, on CPUs and off them. */
import type { CaseData } from '../case-data.ts'
import { callTree } from '../profile.ts'
import type { Profile } from '../profile.ts'
import { shortened } from '../text.ts'
import { flameGraphs, flameKey } from './flame.ts'
import { Html, html } from './html.ts'

const MOST_COMMANDS = 2

/** Flame graphs of the commands that the findings are about, then of all; null when no stack was taken. */
export function profiles(data: CaseData): Html | null {
  if (data.profiles.length === 0) return null
  const graphs = data.profiles.map((profile) =>
    profile.state === 'on-cpu'
      ? html`${suspects(data, profile).map((comm) => onCpu(profile, comm))}${onCpu(profile)}`
      : html`<details>
          <summary>Time off CPU: blocked, asleep, or waiting for a CPU</summary>
          ${flameGraphs(callTree(profile), 'off-CPU time of the targets')}
        </details>`,
  )
  return html`${flameKey}${graphs}`
}

const onCpu = (profile: Profile, comm?: string): Html =>
  flameGraphs(
    callTree(profile, comm),
    `on-CPU time of ${comm === undefined ? 'all commands' : shortened(comm, 60)}`,
  )

/** Commands of sure findings that were sampled, and whose graphs do not stand beside their finding already. */
function suspects({ findings }: CaseData, profile: Profile): readonly string[] {
  const sampled = new Set([...profile.sick, ...profile.healthy].map(({ comm }) => comm))
  const sure = findings.filter(({ finding }) => finding.confident).map(({ finding }) => finding)
  const drawn = sure.map(({ chart }) => (chart?.type === 'flame' ? chart.comm : undefined))
  const named = new Set(sure.map(({ subject }) => subject.comm).filter((comm) => comm !== undefined))
  return [...named].filter((comm) => sampled.has(comm) && !drawn.includes(comm)).slice(0, MOST_COMMANDS)
}
