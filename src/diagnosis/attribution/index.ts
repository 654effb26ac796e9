/**
 * Attribution: who does it?
 *
 * What grew, or what the time goes to, is a resource; a resource has producers (knowledge/resources.ts); the process that
 * makes most of that activity is named, with its share and its lead over the next. For a stock (dentries, memory) all that
 * was produced counts; for a flow (CPU, block IO) only what was added over the healthy stretch does: explanatory power as in
 * Adtributor (Bhagwan et al., NSDI 2014), so that a process which is always busy is not blamed for a change.
 */
import type { Analyzer, Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { reported } from '../case/reported.ts'
import { activityOf, type Activity, type Actor } from './activities.ts'
import { deviceUsers } from './device-users.ts'
import { implicated, type Implicated } from './implicated.ts'
import { lockConvoys } from './convoy.ts'
import { busiestInnocent } from './innocent.ts'
import { attribute } from './leader.ts'

/** Resources whose producers are looked for. */
const MOST_RESOURCES = 4

export const attribution: Analyzer = {
  kind: 'attribution',
  analyze: async (the, found) => {
    const users = await usersOfSlowDevices(the, found)
    const candidates = [...users]
    for (const resource of (await implicated(the, found)).slice(0, MOST_RESOURCES)) {
      // Of a device that became slower by itself nobody is the producer.
      const isToldAlready = users.some(({ subject }) => subject.node === resource.node)
      if (isToldAlready && DISK.includes(resource.resource.id)) continue
      const culprit = await firstLeader(the, resource)
      if (culprit === undefined) continue
      candidates.push(culprit.candidate)
      const innocent = await busiestInnocent(the, culprit.activity, culprit.candidate, culprit.actors)
      if (innocent !== undefined) candidates.push(innocent)
    }
    return [...candidates, ...(await lockConvoys(the)), ...(await reported(the, 'attribution'))]
  },
}

/** Resources of which a slow device makes everybody have more. */
const DISK = ['block-io', 'dirty-pages']
/** An uncorrected p-value from which a device is not looked into. */
const POINTS = 0.01

async function usersOfSlowDevices(the: Case, found: readonly Candidate[]): Promise<Candidate[]> {
  const slow = found.filter(
    ({ about, comparison }) =>
      about.includes('effect:slow-device') && comparison !== null && comparison.p < POINTS,
  )
  return (await Promise.all(slow.map((device) => deviceUsers(the, device)))).flat()
}

/** The first activity that produces the resource and has somebody who leads it. */
async function firstLeader(
  the: Case,
  resource: Implicated,
): Promise<{ candidate: Candidate; activity: Activity; actors: readonly Actor[] } | undefined> {
  for (const producer of resource.producers) {
    const activity = activityOf(producer)
    const actors = await activity.actors(the, resource.node)
    const candidate = await attribute(the, resource, activity, actors)
    if (candidate !== undefined) return { candidate, activity, actors }
  }
  return undefined
}
