/** Environment variables as a property; numbers and booleans stand for their text. */
import { z } from 'zod'

export const variables = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]).transform(String),
)
