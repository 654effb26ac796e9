/** Sentences about systems under test: paths and labels in them may be long, and commands are marked by backticks. */
import { shortened } from '../text.ts'
import { Html, escape } from './html.ts'

const MOST_CHARACTERS = 4000
const LONG_WORD = 32

/** A text as HTML: `code` in backticks, and long words may break after their separators. */
export function prose(text: string): Html {
  const parts = shortened(text, MOST_CHARACTERS).split('`')
  const closed = parts.length % 2 === 1
  const rendered = parts.map((part, index) =>
    closed && index % 2 === 1 ? `<code>${breakable(part)}</code>` : breakable(part),
  )
  return new Html(rendered.join(closed ? '' : '`'))
}

const breakable = (text: string): string =>
  text
    .split(/(\s+)/)
    .map((word) =>
      word.length < LONG_WORD
        ? escape(word)
        : word
            .split(/(?<=.[/,;={])(?=[^/])/)
            .map(escape)
            .join('<wbr>'),
    )
    .join('')
