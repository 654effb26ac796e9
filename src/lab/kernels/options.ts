/** What getting a kernel takes besides which one. */
export interface KernelOptions {
  /** Ends downloads and builds. */
  readonly signal: AbortSignal
  /** Told what is done, a sentence at a time, a few each minute of a build. */
  readonly progress: (sentence: string) => void
}
