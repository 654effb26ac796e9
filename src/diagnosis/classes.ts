/**
 * Classes of failure, derived from combinations of findings by general rules.
 *
 * A class follows from what was seen, never from a precedent: work is pending, its worker sleeps, and re-arming the wait
 * sets it going, so the wakeup was lost, whatever the program, the call or the kernel.
 */
import type { Candidate } from './candidate.ts'

export interface FailureClass {
  readonly name: string
  /** Completes `This is ...`. */
  readonly means: string
  /** What follows for whoever hunts on. */
  readonly remark: string
  /** Candidates that carry it: one for each of the conditions. */
  readonly carriedBy: readonly Candidate[]
}

interface Rule {
  readonly name: string
  readonly means: string
  readonly remark: string
  /** All must be met, each by some candidate; a condition is topics that one candidate is about. */
  readonly needs: readonly (readonly string[])[]
  /** What to do next, where that does not follow from who it is: completes `Next: `. */
  readonly next?: string
  /** A topic prefix that the candidates must have in common, such as `resource:`. */
  readonly sharing?: string
}

/** What says more stands before what says less of the same. */
const RULES: readonly Rule[] = [
  {
    name: 'lost wakeup below the program',
    means:
      'a lost wakeup below the program: work arrived while the worker slept in the kernel, which did not let it run once, ' +
      'and a program that does not run can neither see nor lose what came; having it look again cures it',
    remark:
      'So the kernel is the factor. A restart or an attached tracer hides it: both make the worker look again.',
    next:
      'run the same program on another kernel: `quarry hunt` with `ask: compare` and the kernel as a factor says whether ' +
      'that is what makes the difference.',
    needs: [['effect:pending', 'effect:asleep', 'effect:unwoken'], ['effect:rearm']],
  },
  {
    name: 'lost wakeup',
    means:
      'a lost wakeup: the work arrived, the worker that waits for it was not told, and telling it to look again cures it',
    remark: 'A restart or an attached tracer hides it: both make the worker look again.',
    needs: [['effect:pending', 'effect:asleep'], ['effect:rearm']],
  },
  {
    name: 'timer that did not fire',
    means:
      'a timer that did not fire: a sleeper is past its own deadline and the timer queue is late or out of order',
    remark: 'Stopping and continuing the sleeper, or attaching a tracer, hides it: both arm a new timer.',
    needs: [['effect:past-deadline', 'effect:asleep'], ['effect:unordered']],
  },
  {
    name: 'timer that did not fire',
    means:
      'a timer that did not fire, or a lost wakeup: a sleeper is past its own deadline until its wait is re-armed',
    remark: 'A restart or an attached tracer hides it: both arm a new timer.',
    needs: [['effect:past-deadline', 'effect:asleep'], ['effect:rearm']],
  },
  {
    name: 'cost that grows with an unbounded cache',
    means: 'a cost that grows with an unbounded cache: one process fills it, and others pay for walking it',
    remark: 'A reboot, a new host or dropping the cache hides it until the cache has grown again.',
    needs: [['stage:mechanism'], ['stage:growth', 'effect:growth'], ['stage:agent']],
    sharing: 'resource:',
  },
  {
    name: 'leak',
    means: 'a leak: one process takes more and more of it and gives nothing back',
    remark: 'A restart of that process hides it until it has grown again.',
    needs: [
      ['stage:growth', 'effect:growth'],
      ['stage:agent', 'activity:gain'],
    ],
    sharing: 'resource:',
  },
  {
    name: 'contention for a lock',
    means: 'contention for a lock: the time of the slow call is spent waiting for somebody else to let go',
    remark: 'Look for who holds it the longest, not for who waits.',
    needs: [['effect:slow'], ['effect:lock']],
  },
  {
    name: 'deadlock',
    means:
      'a deadlock in the kernel: calls that began at the same time wait for a lock, its holder for something else, and the peer is not even asked',
    remark:
      'The peer and the way to it are innocent: calls that do not overlap are spared, and ending those that hang frees the rest.',
    needs: [
      ['effect:stuck', 'effect:past-deadline'],
      ['effect:blocked', 'effect:lock-held'],
      ['effect:silent'],
    ],
  },
  {
    name: 'unanswered call',
    means:
      'an unanswered call: it waits beyond its own deadline for a peer that is asked and does not answer',
    remark: 'The caller is innocent: look at the peer, and at the way to it.',
    needs: [['effect:stuck'], ['effect:unanswered']],
  },
  {
    name: 'slower device',
    means: 'a device that became slower: it takes longer for a request although nobody asks more of it',
    remark:
      'The cause is below the programs: a limit or credit of the device that is used up, a fault of it, or how the kernel drives it.',
    next:
      'make runs that differ in one thing each, the disk, the kernel, memory or a neighbour: `quarry hunt --ask screen` with ' +
      'these as `factors` tells which it is.',
    needs: [['effect:slow-device'], ['activity:device-use']],
    sharing: 'device:',
  },
  {
    name: 'unanswered call',
    means: 'an unanswered call: it waits for a peer that is asked, again and again, and does not answer',
    remark: 'The caller is innocent: look at the peer, and at the way to it.',
    needs: [['effect:unanswered']],
  },
  {
    name: 'hung call',
    means: 'a hung call: it waits beyond its own deadline for a peer that is not even asked',
    remark: 'The peer is innocent: look at what the caller waits for before it sends.',
    needs: [['effect:stuck'], ['effect:silent']],
  },
]

/** What a class means and what follows, as sentences; undefined for a name that no rule gives. */
export function explanationOf(name: string): string | undefined {
  const rule = RULES.find((one) => one.name === name)
  return rule === undefined ? undefined : `This is ${rule.means}. ${rule.remark}`
}

/** What to do next for a class, or undefined where it follows from what was found. */
export const nextOf = (name: string | undefined): string | undefined =>
  RULES.find((one) => one.name === name)?.next

/** The classes that the given candidates (the confident ones) carry; at most one for each set of carriers. */
export function classesOf(candidates: readonly Candidate[]): FailureClass[] {
  const classes: FailureClass[] = []
  for (const rule of RULES) {
    if (classes.some(({ name }) => name === rule.name)) continue
    const carriers = carriersOf(rule, candidates)
    const isTold = carriers?.every((one) => classes.some(({ carriedBy }) => carriedBy.includes(one)))
    if (carriers !== undefined && isTold !== true)
      classes.push({ name: rule.name, means: rule.means, remark: rule.remark, carriedBy: carriers })
  }
  return classes
}

function carriersOf(rule: Rule, candidates: readonly Candidate[]): Candidate[] | undefined {
  const { sharing } = rule
  if (sharing === undefined) return pick(rule, candidates)
  const shared = new Set(
    candidates.flatMap(({ about }) => about.filter((topic) => topic.startsWith(sharing))),
  )
  for (const topic of shared) {
    const found = pick(
      rule,
      candidates.filter(({ about }) => about.includes(topic)),
    )
    if (found !== undefined) return found
  }
  return undefined
}

function pick(rule: Rule, candidates: readonly Candidate[]): Candidate[] | undefined {
  const carriers = rule.needs.map((topics) =>
    candidates.find((candidate) => topics.every((topic) => topicsOf(candidate).includes(topic))),
  )
  return carriers.every((one) => one !== undefined) ? carriers : undefined
}

const GAINS = ['activity:memory', 'activity:descriptors', 'activity:threads', 'activity:sockets']

function topicsOf({ about, stage }: Candidate): string[] {
  return [
    ...about,
    `stage:${stage}`,
    ...(about.some((topic) => GAINS.includes(topic)) ? ['activity:gain'] : []),
  ]
}
