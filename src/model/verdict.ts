/** What is said of a run. What could not be judged is `unknown`, never a `pass`. */
export const verdicts = ['pass', 'unknown', 'fail'] as const
export type Verdict = (typeof verdicts)[number]

/** The verdict of the whole: `fail` wins over `unknown`, which wins over `pass`; nothing judged is `pass`. */
export function mergeVerdicts(parts: Iterable<Verdict>): Verdict {
  let worst: Verdict = 'pass'
  for (const part of parts) if (verdicts.indexOf(part) > verdicts.indexOf(worst)) worst = part
  return worst
}

/** Process exit codes, the same for every command. */
export const exitCodes = { pass: 0, fail: 1, unknown: 2, usage: 64, internal: 70 } as const
