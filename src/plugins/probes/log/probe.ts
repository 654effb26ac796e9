/** What a log has had to say since the previous attempt. */
import type { FileView } from '../../../plugin/node.ts'
import type { Probe, ProbeResult } from '../../../plugin/probe.ts'
import { Follower, type News } from './follower.ts'
import { LineCounter } from './lines.ts'

export interface LogOptions {
  readonly path: string
  readonly pattern: RegExp | undefined
  readonly expect: 'no-match' | 'match' | 'growth' | 'silence'
  readonly missingIsFailure: boolean
}

/** Counts new lines and judges them. The first attempt only finds the end of the file, and succeeds. */
export class LogProbe implements Probe {
  readonly #options: LogOptions
  readonly #follower: Follower
  readonly #lines: LineCounter
  #isFirst = true

  constructor(files: FileView, options: LogOptions) {
    this.#options = options
    this.#follower = new Follower(files, options.path)
    this.#lines = new LineCounter(options.pattern)
  }

  async attempt(signal: AbortSignal): Promise<ProbeResult> {
    const { path, missingIsFailure } = this.#options
    const isFirst = this.#isFirst
    this.#isFirst = false
    this.#lines.begin()
    const news = await this.#follower.read((bytes, isNewFile) => this.#lines.push(bytes, isNewFile), signal)
    const { lines, matches, last } = this.#lines.counts()
    const values = {
      log_matches: matches,
      log_lines: lines,
      log_bytes: news.bytes,
      log_skipped_bytes: news.skipped,
    }
    const problem =
      news.state === 'missing'
        ? missingIsFailure && `${path} does not exist or cannot be read`
        : !isFirst && this.#problem(news, matches, last)
    if (typeof problem === 'string') return { success: false, error: problem, stage: 'receive', values }
    return { success: true, stage: 'done', values }
  }

  #problem(news: News, matches: number, last: string): string | undefined {
    const { path, pattern, expect } = this.#options
    const wrote = news.bytes + news.skipped > 0 || news.state === 'replaced'
    switch (expect) {
      case 'no-match':
        if (matches === 0) return undefined
        return `${matches === 1 ? '1 new line matches' : `${matches} new lines match`} ${pattern}: ${last}`
      case 'match':
        return matches > 0 ? undefined : `no new line of ${path} matches ${pattern}`
      case 'growth':
        return wrote ? undefined : `${path} has not grown`
      case 'silence':
        return wrote ? `${path} has grown by ${news.bytes + news.skipped} bytes` : undefined
    }
  }
}
