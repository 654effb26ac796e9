/** Probes that died while others live: what the dead have in common. */
import type { Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, oneOf, query } from '../case/sql.ts'
import { capital, count, list, plain } from '../statement/format.ts'
import { featuresOf, findServers, separating } from './features.ts'
import { probeOutcomes, type Outcome } from './outcomes.ts'

export async function deadProbes(the: Case): Promise<Candidate[]> {
  if (the.symptom === null) return []
  const outcomes = await probeOutcomes(the)
  const dead = outcomes.filter(({ state }) => state === 'dead')
  const live = outcomes.filter(({ state }) => state === 'live')
  const stated = the.symptom.probes
  const comparisons = new Map(
    outcomes.map((one) => [
      one,
      the.comparisons.make(one.p, stated.includes(one.probe.name) ? 'stated' : 'searched'),
    ]),
  )
  if (dead.length === 0) return []
  // The weakest of them carries the statement about all.
  const weakest = dead.reduce((a, b) => (a.p > b.p ? a : b))
  const servers = await findServers(the)
  // One dead probe and no living one have nothing to be told apart by.
  const common =
    dead.length + live.length < 2
      ? undefined
      : separating(
          dead.map((one) => featuresOf(one, servers)),
          live.map((one) => featuresOf(one, servers)),
        )
  const liveFeature = separating(
    live.map((one) => featuresOf(one, servers)),
    dead.map((one) => featuresOf(one, servers)),
  )
  const living =
    live.length === 0
      ? 'no probe lived on'
      : `${names(live)} went on (${count(sum(live, 'ok'))} of ${count(sum(live, 'ok') + sum(live, 'failed'))} attempts)`
  const shared =
    common === undefined
      ? ''
      : ` What ${dead.length === 1 ? 'the dead one has' : 'the dead ones share'} and no living one has: ${common.text}.`
  const contrast =
    live.length > 0 && liveFeature !== undefined && liveFeature.depth < 4
      ? ` The living: ${liveFeature.text}.`
      : ''
  const only = dead.length === 1 ? dead[0] : undefined
  const sql = query(`
    SELECT probe, CASE WHEN ts < ${the.sick.from} THEN 'before' WHEN ts < ${the.sick.to} THEN 'during' ELSE 'after' END AS period,
      count(*) AS attempts, count(*) FILTER (success) AS succeeded, mode(stage) FILTER (NOT success) AS failed_at,
      any_value(error) FILTER (NOT success) AS error
    FROM probes WHERE ${oneOf(
      'probe',
      outcomes.map(({ probe }) => probe.name),
    )}
    GROUP BY ALL ORDER BY probe, min(ts)`)
  return [
    {
      kind: 'absence',
      layer: 'symptom',
      stage: 'symptom',
      subject: {
        node: weakest.node,
        ...(only === undefined ? {} : { probe: only.probe.name }),
        ...common?.subject,
      },
      statement:
        `${names(dead)} got no answer while the symptom showed (${count(sum(dead, 'failed'))} of ` +
        `${count(sum(dead, 'ok') + sum(dead, 'failed'))} attempts failed${stageOf(dead)}), ${living}.${shared}${contrast}`,
      brief:
        `${capital(shortNames(dead))} got no answer, ${live.length === 0 ? 'and no probe lived on' : `${shortNames(live)} went on`}` +
        `${common === undefined ? '' : `; ${dead.length === 1 ? 'the dead one is' : 'the dead ones share that they are'} ${common.text}`}`,
      effect: {
        value: sum(dead, 'failed') / Math.max(1, sum(dead, 'ok') + sum(dead, 'failed')),
        unit: 'share',
        reference:
          dead.reduce((total, { before }) => total + before.failed, 0) /
          Math.max(
            1,
            dead.reduce((total, { before }) => total + before.ok + before.failed, 0),
          ),
      },
      comparison: comparisons.get(weakest) ?? null,
      big: true,
      sql,
      chart: {
        type: 'lines',
        title: 'Probes: 1 is an answer',
        unit: '',
        sql: query(`
          SELECT ts, CASE WHEN success THEN 1 ELSE 0 END AS value, probe AS series FROM probes
          WHERE ${oneOf(
            'probe',
            outcomes.map(({ probe }) => probe.name),
          )} AND ts >= ${literal(the.from)} ORDER BY ts`),
      },
      about: [...dead.map(({ probe }) => `probe:${probe.name}`), ...(common?.about ?? []), 'effect:dead'],
      weight: 100 + dead.length,
      key: 'dead probes',
    },
  ]
}

const names = (outcomes: readonly Outcome[]): string => {
  const quoted = outcomes.map(({ probe }) => `${plain(probe.name)} (${plain(probe.target, 90)})`)
  return `${outcomes.length === 1 ? 'Probe' : 'Probes'} ${list(quoted)}`
}

const shortNames = (outcomes: readonly Outcome[]): string =>
  `${outcomes.length === 1 ? 'probe' : 'probes'} ${list(outcomes.map(({ probe }) => plain(probe.name, 60)))}`

const sum = (outcomes: readonly Outcome[], what: 'ok' | 'failed'): number =>
  outcomes.reduce((total, { during }) => total + during[what], 0)

function stageOf(outcomes: readonly Outcome[]): string {
  const stages = [...new Set(outcomes.map(({ stage }) => stage).filter((stage) => stage !== ''))]
  return stages.length === 0 ? '' : `, at ${list(stages)}`
}
