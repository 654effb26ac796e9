/** Signatures of failures that somebody has seen before, as data files. */
import { z } from 'zod'
import { findingKinds, layers } from '../../model/finding.ts'

const pattern = z.string().refine(isPattern, { error: 'is not a regular expression' })

/** What a finding must be like. Patterns are regular expressions over fields of its subject. */
const findingCondition = z.strictObject({
  kind: z.enum(findingKinds).describe('kind of the finding'),
  layer: z.enum(layers).optional().describe('layer of the finding'),
  subject: z
    .record(z.string(), pattern)
    .optional()
    .describe('regular expressions over fields of the subject'),
  class: pattern.optional().describe('regular expression over the class of failure that diagnosis derived'),
  leastRatio: z.number().positive().optional().describe('least ratio of the effect over its reference'),
})

const factCondition = z.strictObject({
  key: z.string().describe('key of a fact, such as kernel.release'),
  matches: pattern.optional().describe('regular expression over its value'),
  from: z.string().optional().describe('first version that has it'),
  before: z.string().optional().describe('first version that has it no more'),
})

export const precedentSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('stable name'),
  title: z.string().describe('one line'),
  class: z.string().describe('class of failure, such as lost wakeup'),
  when: z.strictObject({
    findings: z.array(findingCondition).min(1).describe('all of them must be among the confident findings'),
    facts: z
      .array(factCondition)
      .default([])
      .describe('facts that narrow it down; one that is not known counts as met, and is said'),
  }),
  says: z.string().describe('what was behind it then'),
  advice: z.string().describe('what helped, what hides it, where it is fixed'),
  links: z.array(z.url()).default([]).describe('where to read on'),
})

export type Precedent = z.infer<typeof precedentSchema>

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
