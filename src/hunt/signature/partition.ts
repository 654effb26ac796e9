/**
 * The partition of failures into bugs that explains them best, by greedy steps that each raise its likelihood: one failure
 * after the other joins a bug or founds one; then failures move, bugs are split by what some of them show, and united, until
 * nothing is gained. There is no chance in it: the same runs always give the same partition.
 */
import type { Bucket, Model } from './likelihood.ts'

/** Failures of one bug. Those of different flocks are never of one bug; a `fixed` one holds failures that stay where they are. */
export interface Bug {
  readonly flock: string
  readonly fixed: boolean
  /** Indices of signatures. */
  readonly members: Set<number>
  readonly bucket: Bucket
}

/** A failure to be placed, and the flock that it is of. */
export interface Loose {
  readonly run: number
  readonly flock: string
}

const MOST_SWEEPS = 8
/** Witnesses, the most credible first, by which a split is tried. */
const MOST_SPLITS = 12
/** Least gain of a step, in log likelihood, so that rounding cannot turn it back and forth. */
const GAIN = 1e-6

/** Places the loose failures, in their order, into the given bugs and new ones; gives all bugs. */
export function partition(model: Model, given: readonly Bug[], loose: readonly Loose[]): Bug[] {
  const bugs = [...given]
  const found = (flock: string): Bug => {
    const bug = { flock, fixed: false, members: new Set<number>(), bucket: model.bucket() }
    bugs.push(bug)
    return bug
  }
  for (const one of loose) settle(model, bugs, one, found)
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    const before = scoreOf(model, bugs)
    for (const one of loose) {
      const home = bugs.find(({ members }) => members.has(one.run))
      if (home !== undefined) move(model, home, one.run, -1)
      settle(model, bugs, one, found, home)
    }
    unite(model, bugs)
    split(model, bugs, loose, found)
    unite(model, bugs)
    if (scoreOf(model, bugs) < before + GAIN) break
  }
  return bugs.filter(({ members }) => members.size > 0)
}

const scoreOf = (model: Model, bugs: readonly Bug[]): number => model.score(bugs.map(({ bucket }) => bucket))

function move(model: Model, bug: Bug, run: number, by: 1 | -1): void {
  if (by === 1) bug.members.add(run)
  else bug.members.delete(run)
  model.count(bug.bucket, run, by)
}

/** Puts a failure that is in no bug where it fits best: where it was, into the oldest of equals, or into a new one. */
function settle(
  model: Model,
  bugs: readonly Bug[],
  { run, flock }: Loose,
  found: (flock: string) => Bug,
  home?: Bug,
): void {
  const empty =
    bugs.find((bug) => bug.flock === flock && !bug.fixed && bug.members.size === 0) ?? found(flock)
  const living = bugs.filter((bug) => bug.flock === flock && (bug.fixed || bug.members.size > 0))
  const candidates = [...new Set([...(home === undefined ? [] : [home]), ...living, empty])]
  const scores = model.scores(
    run,
    bugs.map(({ bucket }) => bucket),
    candidates.map(({ bucket }) => bucket),
  )
  let best = 0
  for (const [index, score] of scores.entries()) if (score > (scores[best] ?? 0) + GAIN) best = index
  move(model, candidates[best] ?? empty, run, 1)
}

/** Unites bugs as long as that explains more. */
function unite(model: Model, bugs: readonly Bug[]): void {
  for (;;) {
    const living = bugs.filter(({ members }) => members.size > 0)
    let best: { into: Bug; from: Bug; score: number } | undefined
    const before = scoreOf(model, bugs)
    for (const into of living) {
      for (const from of living) {
        if (into === from || into.flock !== from.flock || from.fixed) continue
        const score = unitedScore(model, bugs, into, from)
        if (score > Math.max(before, best?.score ?? -Infinity) + GAIN) best = { into, from, score }
      }
    }
    if (best === undefined) return
    for (const run of best.from.members) move(model, best.into, run, 1)
    for (const run of best.from.members) move(model, best.from, run, -1)
  }
}

function unitedScore(model: Model, bugs: readonly Bug[], into: Bug, from: Bug): number {
  const united = model.bucket([...into.members, ...from.members])
  return model.score([
    ...bugs.filter((bug) => bug !== into && bug !== from).map(({ bucket }) => bucket),
    united,
  ])
}

/** Splits a bug in two, by whether its failures have a witness, where that explains more. */
function split(
  model: Model,
  bugs: readonly Bug[],
  loose: readonly Loose[],
  found: (flock: string) => Bug,
): void {
  const movable = new Set(loose.map(({ run }) => run))
  for (const bug of bugs.filter(({ members }) => members.size > 1)) {
    const others = bugs.filter((other) => other !== bug).map(({ bucket }) => bucket)
    let best = { score: scoreOf(model, bugs) + GAIN, leaving: [] as number[] }
    for (const index of splitters(model, bugs, bug)) {
      const leaving = [...bug.members].filter((run) => movable.has(run) && has(model, run, index))
      const staying = [...bug.members].filter((run) => !leaving.includes(run))
      if (leaving.length === 0 || staying.length === 0) continue
      const score = model.score([...others, model.bucket(leaving), model.bucket(staying)])
      if (score > best.score) best = { score, leaving }
    }
    if (best.leaving.length === 0) continue
    const other = found(bug.flock)
    for (const run of best.leaving) {
      move(model, bug, run, -1)
      move(model, other, run, 1)
    }
  }
}

const has = (model: Model, run: number, index: number): boolean =>
  model.testimonies[run]?.has.includes(index) ?? false

/** The most credible witnesses that some failures of a bug have and some have not. */
function splitters(model: Model, bugs: readonly Bug[], { bucket }: Bug): number[] {
  const credible = model.credibilities(bugs.map((bug) => bug.bucket))
  return [...model.witnesses.keys()]
    .filter((index) => {
      const shown = bucket.shown[index] ?? 0
      return shown > 0 && shown < (bucket.looked[index] ?? 0)
    })
    .toSorted((a, b) => (credible[b] ?? 0) - (credible[a] ?? 0) || a - b)
    .slice(0, MOST_SPLITS)
}
