/** What fio says with --output-format=json. */
import { z } from 'zod'

const direction = z.object({
  total_ios: z.number(),
  io_bytes: z.number(),
  iops: z.number(),
  clat_ns: z.object({
    mean: z.number(),
    max: z.number(),
    percentile: z.record(z.string(), z.number()).optional(),
  }),
})
const output = z.object({
  jobs: z.array(z.object({ error: z.number(), read: direction, write: direction })).min(1),
})

export interface FioDirection {
  readonly operations: number
  readonly bytes: number
  /** Per second. */
  readonly rate: number
  /** Completion latencies, ms. */
  readonly mean: number
  readonly p99: number
  readonly max: number
}

export interface FioResult {
  /** errno of the first error; 0 for none. */
  readonly error: number
  readonly read: FioDirection
  readonly write: FioDirection
}

/** Reads the one job, or the group of jobs, that was reported; `undefined` for what is no output of fio. */
export function parseFio(text: string): FioResult | undefined {
  // Warnings stand before it.
  const begin = text.indexOf('{')
  try {
    const [job] = output.parse(JSON.parse(text.slice(begin))).jobs
    return job && { error: job.error, read: directionOf(job.read), write: directionOf(job.write) }
  } catch {
    return undefined
  }
}

const ms = (ns: number): number => Math.round(ns / 1000) / 1000

const directionOf = ({ total_ios, io_bytes, iops, clat_ns }: z.infer<typeof direction>): FioDirection => ({
  operations: total_ios,
  bytes: io_bytes,
  rate: Math.round(iops * 10) / 10,
  mean: ms(clat_ns.mean),
  p99: ms(clat_ns.percentile?.['99.000000'] ?? 0),
  max: ms(clat_ns.max),
})
