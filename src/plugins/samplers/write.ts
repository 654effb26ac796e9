/** From text to series: what is not a number writes nothing. */
import type { TextScanner } from '../../base/scan.ts'
import type { SeriesHandle } from '../../plugin/sampler.ts'

/** Writes a number, unless it is NaN. */
export function write(handle: SeriesHandle | undefined, value: number): void {
  if (value === value) handle?.set(value)
}

/** Writes the scanner's next number, of which `divisor` make one of the metric's unit; without a handle skips it. */
export function writeNext(handle: SeriesHandle | undefined, scanner: TextScanner, divisor = 1): void {
  write(handle, scanner.number() / divisor)
}
