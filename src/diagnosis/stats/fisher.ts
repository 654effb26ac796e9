/** Exact test of a 2 x 2 table. */
import { logChoose } from './distributions.ts'

/** Fisher's exact test, two-sided, of the table [[a, b], [c, d]]: sums all tables no more likely than this one. */
export function fisherExact(a: number, b: number, c: number, d: number): number {
  const row = a + b
  const column = a + c
  const total = a + b + c + d
  if (row === 0 || column === 0 || row === total || column === total) return 1
  const logAll = logChoose(total, column)
  const likelihood = (x: number): number => logChoose(row, x) + logChoose(total - row, column - x) - logAll
  const observed = likelihood(a)
  let p = 0
  for (let x = Math.max(0, row + column - total); x <= Math.min(row, column); x++) {
    const log = likelihood(x)
    if (log <= observed + 1e-7) p += Math.exp(log)
  }
  return Math.min(1, p)
}
