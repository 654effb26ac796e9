/** Passes when no symptom showed, other than expected ones. */
import { z } from 'zod'
import { defineChecker } from '../../../plugin/define.ts'
import { refersTo } from '../../../plugin/properties.ts'

export default defineChecker({
  id: 'no-symptom',
  summary: 'no symptom showed that was not expected',
  needs: [],
  properties: z.strictObject({
    names: refersTo('symptom', z.array(z.string()).optional()).describe(
      'the symptoms to consider; all when left out',
    ),
  }),
  check: async ({ symptoms }, { names }) => {
    const shown = symptoms.filter(
      ({ name, expected }) => !expected && (names === undefined || names.includes(name)),
    )
    if (shown.length === 0) return { verdict: 'pass', message: 'no unexpected symptom showed' }
    const once = [...new Set(shown.map(({ name }) => name))]
    return { verdict: 'fail', message: `${once.join(', ')} showed` }
  },
})
