/** A property that is a regular expression. */
import { z } from 'zod'

export const pattern = z.string().refine(
  (text) => {
    try {
      new RegExp(text)
      return true
    } catch {
      return false
    }
  },
  { error: 'is not a regular expression' },
)
