/** Bounds on a definition, far above what a person writes: hostile text gets a clear message within a second. */
export const limits = {
  /** Characters of the file. */
  source: 1 << 20,
  /** Characters after templates. */
  expanded: 1 << 20,
  /** Steps that rendering the template may take. */
  renderSteps: 100_000,
  /** Sections inside one another. */
  sectionDepth: 32,
  /** Lexemes of one YAML document. */
  lexemes: 80_000,
  /** Characters of one PromQL condition: its parser recurses. */
  condition: 4000,
  /** YAML collections inside one another. */
  depth: 400,
  /** Values of a document with its aliases written out, plus one for every 64 characters of them. */
  values: 200_000,
  /** Problems that are reported. */
  problems: 200,
} as const
