/** Intervention: what cures it? A rung after which the symptom was gone, when the rungs before had left it in place. */
import type { Analyzer, Candidate } from '../candidate.ts'
import type { Case } from '../case/case.ts'
import { literal, query } from '../case/sql.ts'
import { disturbanceOf } from '../knowledge/disturbances.ts'
import type { RungRecord } from '../../model/run.ts'
import { capital, count, duration, list, percent, plain } from '../statement/format.ts'
import { chanceOfEnding, cureProbability } from '../stats/survival.ts'
import { recoveredAt } from './recovery.ts'
import { signsOf } from './signs.ts'

export const intervention: Analyzer = {
  kind: 'intervention',
  analyze: async (the, found) => {
    const rungs = the.sick.captures
      .flatMap((capture) => capture.rungs)
      .filter(
        ({ status, symptomBefore }) => status !== 'skipped' && status !== 'missing' && symptomBefore === true,
      )
      .filter(({ from }) => BigInt(from) >= the.sick.from && BigInt(from) <= the.sick.to)
      .toSorted((a, b) => Number(BigInt(a.from) - BigInt(b.from)))
    const at = rungs.findIndex(
      ({ collector, symptomAfter }) =>
        symptomAfter === false && (the.symptom?.curedBy ?? collector) === collector,
    )
    const cure = rungs[at]
    if (the.symptom === null || cure === undefined) return []
    return [await candidateOf(the, cure, rungs.slice(0, at), found)]
  },
}

async function candidateOf(
  the: Case,
  cure: RungRecord,
  earlier: readonly RungRecord[],
  found: readonly Candidate[],
): Promise<Candidate> {
  const began = BigInt(cure.from)
  const lasted = Math.max(0, Number(began - the.sick.from))
  const recovered = await recoveredAt(the, cure)
  const within = Number(recovered - began)
  const what = disturbanceOf(cure.collector, cure.tier)
  const signs = await signsOf(the, cure, what, found)
  // A rung that only looks cures nothing that is known: its prior is poor.
  const prior = what.effect === 'none' ? 0.05 : 1
  const probability = cureProbability(lasted, within, signs.length, prior)
  const before =
    earlier.length === 0
      ? ''
      : ` The ${count(earlier.length)} rungs before it, ${passive(earlier)}, left it in place for ${duration(lasted)}.`
  const observed = signs.length === 0 ? '' : ` ${signs.map(({ sentence }) => sentence).join(' ')}`
  return {
    kind: 'intervention',
    layer: what.effect === 'free-cache' ? 'memory' : 'process',
    stage: 'cure',
    subject: {
      node: cure.node,
      collector: cure.collector,
      ...Object.assign({}, ...signs.map(({ subject }) => subject)),
    },
    statement:
      `${
        what.effect === 'none'
          ? `It vanished during ${plain(cure.collector)}, which ${what.does} and is no known cure.`
          : `${capital(what.name)} (${plain(cure.collector)}) cured it within ${duration(within)}: it ${what.does}.`
      }${before} A cure by ` +
      `chance in that moment has a probability of ${percent(chanceOfEnding(lasted, within))}.${observed}`,
    brief:
      `${
        what.effect === 'none'
          ? `It vanished during ${plain(cure.collector)}, which is no known cure`
          : `${capital(what.name)} (${plain(cure.collector)}) cured it within ${duration(within)}`
      }` +
      `${earlier.length === 0 ? '' : `, after ${count(earlier.length)} rungs, ${passive(earlier)}, had left it in place for ${duration(lasted)}`}` +
      `${signs.length === 0 ? '' : `: ${list(signs.slice(0, 1).map(({ brief }) => brief))}`}`,
    effect: { value: within, unit: 'ns', reference: lasted },
    comparison: the.comparisons.make(1 - probability, 'posterior'),
    big: true,
    sql: query(`
      SELECT ts, kind, name, detail FROM events WHERE kind IN ('rung', 'symptom') AND ts >= ${the.sick.from} ORDER BY ts`),
    chart: {
      type: 'lines',
      title: 'Probes around the cure: 1 is an answer',
      unit: '',
      sql: query(`
        SELECT ts, CASE WHEN success THEN 1 ELSE 0 END AS value, probe AS series FROM probes
        WHERE ts >= ${literal(the.from)} ORDER BY ts`),
    },
    about: [
      `effect:${what.effect}`,
      ...(what.frees ?? []).map((id) => `resource:${id}`),
      ...signs.flatMap(({ about }) => about),
    ],
    weight: probability,
    key: 'cure',
  }
}

/** Which tiers the earlier rungs were of. */
function passive(rungs: readonly RungRecord[]): string {
  const tiers = new Set(rungs.map(({ tier }) => tier))
  const words = { read: 'read', sample: 'sample', trace: 'trace', stop: 'stop', change: 'change' }
  const told = list([...tiers].map((tier) => words[tier]))
  return tiers.has('stop') || tiers.has('change') ? `which ${told}` : `which only ${told}`
}
