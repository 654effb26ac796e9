/**
 * What the kernel itself reported while the run lasted: a panic, a lock-up, a task that hangs, a process killed for want of
 * memory. One candidate for each title on each node. What was reported in the healthy stretch too explains nothing by itself.
 */
import { reportKinds } from '../../base/kernel-reports/report.ts'
import type { NodeReport } from '../../evidence/kernel-reports.ts'
import type { Candidate } from '../candidate.ts'
import { meanings, type Meaning } from '../knowledge/kernel-reports.ts'
import { count, duration, plain } from '../statement/format.ts'
import type { Case } from './case.ts'
import { literal, query } from './sql.ts'

/** Kinds in which the task at hand is the one that the report is about, and no bystander. */
const OF_A_TASK = new Set(['hung-task', 'out-of-memory', 'user-fault'])
/** Chance of a report in a sick stretch of a host that makes it in healthy ones. */
const CHANCE_OF_A_HABIT = 0.3
/** Of one of a host that made it before the run. */
const CHANCE_OF_A_REPEATER = 0.01
/** Nanoseconds of the log that are shown from the first line of a report on. */
const SHOWN_NS = 2_000_000_000n

/** Candidates of the kinds of reports that answer this question. */
export async function reported(the: Case, answers: Meaning['answers']): Promise<Candidate[]> {
  const reports = (await the.kernelReports()).filter(
    ({ report }) => meanings[report.kind].answers === answers,
  )
  return [...Map.groupBy(reports, ({ node, report }) => `${node} ${report.title}`).values()].flatMap(
    (same) => {
      const during = same.filter(({ ts }) => ts >= the.from && ts <= the.to)
      const [first] = during
      const before = same.filter(({ ts }) => ts < the.from).length
      return first === undefined ? [] : [candidateOf(the, first, during, before)]
    },
  )
}

function candidateOf(the: Case, first: NodeReport, during: readonly NodeReport[], before: number): Candidate {
  const { node, report, ts } = first
  const { answers, layer, chance, gravity, standsAlone } = meanings[report.kind]
  const healthy = the.symptom === null ? 0 : during.filter((one) => one.ts < the.healthy.to).length
  const isHabit = healthy > 0
  const probability = isHabit
    ? CHANCE_OF_A_HABIT
    : before > 0
      ? Math.max(chance, CHANCE_OF_A_REPEATER)
      : chance
  const task = OF_A_TASK.has(report.kind) ? report.task : null
  const who =
    report.task === null
      ? ''
      : `; ${task === null ? 'running was ' : ''}${plain(report.task.comm)} (pid ${report.task.pid})`
  // Earlier runs on the same host leave their reports in its log: those say little of what is healthy.
  const earlier = before === 0 ? '' : ` It was reported ${count(before)} times before the run too.`
  const habit = isHabit
    ? ` It is a habit of this host: ${count(healthy)} of them came while all was well.`
    : ''
  const told = `${duration(Number(ts > beginOf(the) ? ts - beginOf(the) : beginOf(the) - ts))} ${
    ts < beginOf(the) ? 'before' : 'after'
  } ${the.symptom === null ? 'the workload' : 'the symptom'} began`
  const last = during.at(-1)?.ts ?? ts
  return {
    kind: answers,
    layer,
    stage: answers === 'attribution' ? 'mechanism' : 'contradiction',
    subject: {
      node,
      ...(report.function === null ? {} : { function: report.function }),
      ...(task === null ? {} : { comm: task.comm }),
    },
    statement:
      `The kernel reported ${plain(report.title)} (${reportKinds[report.kind]}) ` +
      `${during.length === 1 ? 'once,' : `${count(during.length)} times, first`} ${told}${who}.` +
      `${habit}${earlier}` +
      `${report.corrupted ? ' The report is incomplete.' : ''}`,
    brief: `The kernel reported ${plain(report.title)} ${told}`,
    effect: { value: during.length, unit: 'reports', reference: healthy },
    comparison: the.comparisons.make(probability, 'rules'),
    big: !isHabit,
    standsAlone,
    sql: query(`
      SELECT ts, capture, level, message FROM kernel_log
      WHERE node = ${literal(node)} AND ts >= ${literal(ts)} AND ts <= ${literal(last + SHOWN_NS)}
      ORDER BY capture, ts, position LIMIT 500`),
    about: [
      ...(report.function === null ? [] : [`function:${report.function}`]),
      ...(task === null ? [] : [`comm:${task.comm}`]),
      ...(answers === 'overdue' ? ['effect:past-deadline'] : []),
      `report:${report.kind}`,
    ],
    weight: gravity + Math.min(1, during.length / 100),
    key: `kernel ${node} ${report.title}`,
  }
}

/** What times are told from: the onset of the symptom, else the beginning of the workload. */
const beginOf = (the: Case): bigint => (the.symptom === null ? the.from : the.first.from)
