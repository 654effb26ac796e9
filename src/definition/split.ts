/** Cuts a file into its defaults document and its definition, at lines that begin with `---`, as Fallout does. */

export interface Piece {
  /** Offset of the piece in the file. */
  readonly offset: number
  readonly text: string
}

export interface SplitText {
  readonly defaults?: Piece
  readonly definition: Piece
  /** Pieces in between: Fallout drops them without a word. */
  readonly ignored: readonly Piece[]
}

/** The first piece that says anything holds the defaults, the last one is the definition. */
export function splitText(text: string): SplitText {
  const pieces: Piece[] = []
  let offset = 0
  // Only column 0 counts, so that an indented `---` inside a block scalar is text.
  for (const match of text.matchAll(/(?:\n|^)---(?:\r?\n)?/g)) {
    pieces.push({ offset, text: text.slice(offset, match.index) })
    offset = match.index + match[0].length
  }
  const definition = { offset, text: text.slice(offset) }
  const [defaults, ...ignored] = pieces.filter((piece) => !isBlank(piece.text))
  return defaults === undefined ? { definition, ignored } : { defaults, definition, ignored }
}

const isBlank = (text: string): boolean => text.split(/\r\n|\n|\r/).every((line) => /^\s*(#|$)/.test(line))
