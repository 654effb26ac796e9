/** The `hunt` section of a definition: the question that many runs answer. */
import { z } from 'zod'
import type { Definition } from '../model/definition.ts'
import { questions } from '../model/hunt.ts'
import { duration, refersTo } from './properties.ts'

const level = z.union([z.string(), z.number(), z.boolean()])
const rate = z.number().min(0).max(1)

const git = z.strictObject({
  repo: z.string().describe('Directory of the repository, relative to the definition; it is only read.'),
  good: z.string().describe('A commit that does not have the change.'),
  bad: z.string().describe('A commit that has it.'),
  build: z.string().optional().describe('Shell script that builds a commit, in a directory with its files.'),
})

export const huntSection = z
  .strictObject({
    ask: z.enum(questions).default('rate').describe('The question.'),
    symptom: refersTo(
      'symptom',
      z
        .string()
        .regex(/^[^,]*$/, 'is one symptom')
        .optional(),
    ).describe('The symptom that is hunted; without it, every run that fails shows the behaviour.'),
    early: z
      .enum(['propose', 'use', 'never'])
      .default('propose')
      .describe(
        'What to do with a sign that comes with the behaviour and before it: tell the time that ending there would save, end later runs there, or nothing.',
      ),
    signs: z
      .record(
        z.string().regex(/^[A-Za-z][\w-]*$/, 'a name has letters, digits, _ and -'),
        z.strictObject({
          when: z.string().describe('A PromQL condition, as of a symptom.'),
          for: z.string().optional().describe('How long it must hold.'),
        }),
      )
      .optional()
      .describe('Conditions that may come before the behaviour, watched for beside the expected symptoms.'),
    runs: z.int().min(1).max(1_000_000).default(1000).describe('An upper bound of runs.'),
    parallel: z
      .union([z.literal('auto'), z.int().min(1).max(1000)])
      .default('auto')
      .describe(
        'Runs side by side. `auto`: one where nodes are `local` and share the machine, else half the CPUs.',
      ),
    confidence: z.number().gt(0.5).lt(1).default(0.95).describe('How sure the answer must be.'),
    over: z.string().optional().describe('Of `bisect`: the parameter whose values are versions.'),
    from: z.int().optional().describe('Of `bisect`: the oldest version, a whole number.'),
    to: z.int().optional().describe('Of `bisect`: the newest version.'),
    values: z
      .array(level)
      .min(2)
      .optional()
      .describe('Of `bisect`: versions, oldest first, instead of from and to.'),
    series: z
      .string()
      .optional()
      .describe(
        'Of `bisect`: the description of a kernel, relative to the definition. The versions are the kernels up to each of its patches; the parameter is {{kernel}}, or what `over` says.',
      ),
    git: git.optional().describe('Of `bisect`: a history; the parameters are {{commit}} and {{checkout}}.'),
    factors: z
      .record(z.string(), z.array(level).min(1))
      .optional()
      .describe(
        'Of `compare`, `screen` and `amplify`: parameters, or places such as load/threads, with the values that they may have; of `screen` and `amplify` one with a single value has it in every run.',
      ),
    width: z.number().gt(0).lt(1).default(0.1).describe('Of `rate`: width of the interval that is enough.'),
    between: z.tuple([rate, rate]).optional().describe('Of `rate`: two rates, to find out which it is.'),
    by: z
      .enum(['run', 'time'])
      .default('run')
      .describe('Of `rate` and `verify`: what is counted. `time` where runs are not as long as each other.'),
    before: z
      .strictObject({
        shown: z.int().min(0),
        runs: z.int().min(1),
        time: duration.optional(),
      })
      .optional()
      .describe(
        'Of `verify`: in how many of how many runs it came without the fix; `by: time`, also in what time of all of them. Of `bisect`: the same without the change, when that is known.',
      ),
    smallest: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.1)
      .describe(
        'Of `compare`: the smallest difference that matters, of rates as it is, of a quantity as a share of the median of the first.',
      ),
    quantity: z
      .string()
      .optional()
      .describe('Of `compare`: a SELECT over the evidence of a run that gives one number, to compare that.'),
  })
  .check(({ value, issues }) => {
    const need = (key: string, message: string): void =>
      void issues.push({ code: 'custom', input: value, path: [key], message })
    const { ask, over, from, to, values, series, git: history, factors, before, between } = value
    if (ask === 'bisect') {
      const given = [values, series, history, from ?? to].filter((one) => one !== undefined).length
      if (given !== 1) need('over', 'a bisection needs one of `values`, `series`, `git`, or `from` and `to`')
      if (over === undefined && series === undefined && history === undefined)
        need('over', 'a bisection needs `over`, the parameter')
      if ((from === undefined) !== (to === undefined)) need('from', '`from` and `to` go together')
      if (from !== undefined && to !== undefined && from >= to) need('to', '`to` must be above `from`')
    }
    const counts = Object.values(factors ?? {}).map((levels) => levels.length)
    const two = counts.length === 1 && counts[0] === 2
    if (ask === 'compare' && !two) need('factors', 'a comparison needs one factor with two values')
    if ((ask === 'screen' || ask === 'amplify') && counts.every((levels) => levels < 2))
      need('factors', `\`${ask}\` needs \`factors\` with several values`)
    if (ask === 'verify' && before === undefined)
      need('before', '`verify` needs `before`: {shown, runs}, how often it came without the fix')
    if (ask === 'verify' && value.by === 'time' && before !== undefined && before.time === undefined)
      need(
        'before',
        '`by: time` needs `time` in `before`: how long all of its runs lasted, until it came or they ended',
      )
    if (ask === 'rate' && value.by === 'time' && between !== undefined)
      need('between', '`between` counts runs, and not time')
    if (before !== undefined && before.shown > before.runs) need('before', '`shown` is more than `runs`')
    if (value.symptom !== undefined && value.signs?.[value.symptom] !== undefined)
      need('signs', `\`${value.symptom}\` is what is hunted, and no sign of it`)
    if (between !== undefined && between[0] >= between[1]) need('between', 'the lower rate comes first')
  })

export type HuntSection = z.output<typeof huntSection>

/** Whether no run of a hunt could show the behaviour, because nothing in the definition judges a run. */
export const showsNothing = (
  { ask, symptom, quantity }: Pick<HuntSection, 'ask' | 'symptom' | 'quantity'>,
  { symptoms, checkers, artifactCheckers, groups }: Judging,
): boolean =>
  symptom === undefined &&
  (ask !== 'compare' || quantity === undefined) &&
  symptoms.length + checkers.length + artifactCheckers.length === 0 &&
  // A machine that dies is a symptom that nobody has to define.
  groups.every(({ provisioner }) => provisioner.component !== 'vm')

type Judging = Pick<Definition, 'symptoms' | 'checkers' | 'artifactCheckers' | 'groups'>

export const SHOWS_NOTHING = {
  problem: 'no run of the hunt can show the behaviour: the definition has neither `symptoms` nor `checkers`',
  remedy:
    'add one; a step that fails is found by `checkers: {no-failure: {checker: nofail}}` in the `workload`',
}
