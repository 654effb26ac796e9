/** Sizes as people write them. */
import { z } from 'zod'

const FACTORS = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const

/** A property such as `512M` or `2GiB`, or a number of bytes; bytes inside the program. */
export const size = z.union([z.int().min(0), z.string()]).transform((given, context) => {
  const match = /^\s*(\d{1,15}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?\s*$/i.exec(String(given))
  const factor = FACTORS[(match?.[2] ?? '').toUpperCase() as keyof typeof FACTORS]
  if (match !== null) return Math.round(Number(match[1]) * factor)
  context.addIssue({ code: 'custom', message: 'is not a size, such as 4096, 512M or 2G' })
  return z.NEVER
})
