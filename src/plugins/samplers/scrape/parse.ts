/** Samples from the bytes of a scrape, which may end anywhere, also inside a character. */
import { parseLine, type SampleLine } from './line.ts'

/** Longer lines are skipped; no exporter writes them. */
const maxLine = 64 * 1024

export interface ScrapeStats {
  readonly samples: number
  /** Lines that are no samples and no comments, among them a last line that was cut off. */
  readonly badLines: number
  /** Lines beyond the most samples that were asked for; they are not looked at, but for comments. */
  readonly dropped: number
}

export interface ScrapeParser {
  push(chunk: Uint8Array): void
  /** No more input. */
  end(): ScrapeStats
}

/** A parser that hands over each sample as it comes, up to `maxSamples`. It keeps at most one line. */
export function createScrapeParser(maxSamples: number, onSample: (sample: SampleLine) => void): ScrapeParser {
  const decoder = new TextDecoder()
  let pending = ''
  let skipping = false
  let samples = 0
  let badLines = 0
  let dropped = 0

  const take = (line: string): void => {
    if (samples >= maxSamples) {
      if (line !== '' && !line.startsWith('#')) dropped++
      return
    }
    if (line.length > maxLine) {
      badLines++
      return
    }
    const parsed = parseLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (parsed === undefined) return
    if (parsed === 'bad') {
      badLines++
      return
    }
    samples++
    onSample(parsed)
  }

  const push = (text: string): void => {
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      if (skipping) skipping = false
      else take(pending + text.slice(from, end))
      pending = ''
      from = end + 1
    }
    if (skipping) return
    pending += text.slice(from)
    if (pending.length <= maxLine) return
    badLines++
    skipping = true
    pending = ''
  }

  return {
    push: (chunk) => push(decoder.decode(chunk, { stream: true })),
    end: () => {
      push(decoder.decode())
      // A line without its end may lack the end of its value.
      if (pending.trim() !== '') badLines++
      return { samples, badLines, dropped }
    },
  }
}
