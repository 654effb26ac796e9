/** Sizes as tools have them. */
import { z } from 'zod'

/** A number of bytes such as `4k` or `1g`, as fio and stress-ng read it. */
export const size = z.string().regex(/^\d{1,12}[kmgt]?$/i, { error: 'is no size, such as 4k, 64m or 1g' })
