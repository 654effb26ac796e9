/**
 * Cuts a Mustache template into tokens, by the rules of the Mustache specification and in linear time. (The `mustache`
 * package takes quadratic time on hostile text and stops at its first error; the tests hold this one against it.)
 */
import { quote } from './problems/quote.ts'
import type { Span } from './position.ts'
import { limits } from './limits.ts'

export interface TextToken extends Span {
  readonly type: 'text'
}
export interface ValueToken extends Span {
  readonly type: 'value'
  readonly name: string
  /** The name, cut at its dots. */
  readonly path: readonly string[]
}
export interface SectionToken extends Span {
  readonly type: 'section'
  readonly inverted: boolean
  readonly name: string
  readonly path: readonly string[]
  readonly children: Token[]
}
export type Token = TextToken | ValueToken | SectionToken

/** `offset` is where in the template; `hint` says how to mend it. */
export type TemplateProblem = (offset: number, message: string, hint?: string) => void

/** What stands between two delimiters. */
interface Tag extends Span {
  readonly sigil: string
  readonly content: string
}

/** Tokens of a template; whatever is wrong with it goes to `problem`. */
export function parseTemplate(template: string, problem: TemplateProblem): Token[] {
  const root: Token[] = []
  const open: SectionToken[] = []
  const line = new Line()
  const siblings = (): Token[] => open.at(-1)?.children ?? root
  const push = (start: number, end: number): void => {
    if (start === end) return
    const token = { type: 'text' as const, start, end }
    siblings().push(token)
    line.text(token, template.slice(start, end).trim() === '')
  }
  /** Only the first and the last line of a text share theirs with tags. */
  const addText = (start: number, end: number): void => {
    const text = template.slice(start, end)
    const [first, last] = [text.indexOf('\n') + 1, text.lastIndexOf('\n') + 1]
    if (first > 0) {
      push(start, start + first)
      line.end()
      push(start + first, start + last)
      line.end()
    }
    push(start + last, end)
  }

  let position = 0
  let delimiters: readonly [string, string] = ['{{', '}}']
  for (;;) {
    const start = template.indexOf(delimiters[0], position)
    if (start < 0) break
    addText(position, start)
    const tag = readTag(template, start, delimiters)
    if (tag === undefined) {
      const closing = delimiters[1]
      problem(start, 'template tag is never closed', `expected \`${closing}\`${literalHint(delimiters[0])}`)
      position = template.length
      break
    }
    position = tag.end
    line.tag(tag.sigil)
    if (tag.sigil === '=') {
      const pair = tag.content.split(/\s+/)
      const [opening, closing] = pair
      if (opening && closing && pair.length === 2 && !tag.content.includes('=')) {
        delimiters = [opening, closing]
      } else problem(start, 'not a change of delimiters', 'expected two words, as in `{{=<% %>=}}`')
    } else if (tag.sigil === '>') {
      problem(start, 'templates have no partials', 'write the text here, or use a section')
    } else if (tag.sigil !== '!') {
      if (tag.content === '') problem(start, 'template tag has no name')
      else if (tag.sigil === '#' || tag.sigil === '^') {
        if (open.length === limits.sectionDepth) {
          problem(start, `more than ${limits.sectionDepth} sections inside one another`)
          return root
        }
        openSection(tag)
      } else if (tag.sigil === '/') closeSection(tag)
      else
        siblings().push({
          type: 'value',
          name: tag.content,
          path: tag.content.split('.'),
          start,
          end: tag.end,
        })
    }
  }
  addText(position, template.length)
  line.end()
  for (const section of open) unclosed(section)
  return root

  function openSection({ sigil, content, start, end }: Tag): void {
    const section: SectionToken = {
      type: 'section',
      inverted: sigil === '^',
      name: content,
      path: content.split('.'),
      children: [],
      start,
      end,
    }
    siblings().push(section)
    open.push(section)
  }

  function closeSection({ content, start }: Tag): void {
    if (!open.some((section) => section.name === content)) {
      const inner = open.at(-1)
      const hint = inner === undefined ? undefined : `the section open here is ${quote(inner.name)}`
      problem(start, `no section ${quote(content)} is open`, hint)
      return
    }
    for (let section = open.pop(); section !== undefined && section.name !== content; section = open.pop()) {
      unclosed(section)
    }
  }

  function unclosed({ name, start }: SectionToken): void {
    problem(
      start,
      `section ${quote(name)} is never closed`,
      `expected \`{{/${name.slice(0, 40)}}}\` after it`,
    )
  }
}

/** The tag that opens at `start`; undefined when it does not end. */
function readTag(
  template: string,
  start: number,
  [opening, closing]: readonly [string, string],
): Tag | undefined {
  let inside = start + opening.length
  while (isSpace(template[inside])) inside += 1
  const first = template[inside] ?? ''
  const sigil = '#^/>{&=!'.includes(first) ? first : ''
  const from = inside + sigil.length
  const ending = sigil === '{' ? `}${closing}` : sigil === '=' ? `=${closing}` : closing
  const to = template.indexOf(ending, from)
  if (to < 0) return undefined
  return { sigil, content: template.slice(from, to).trim(), start, end: to + ending.length }
}

const isSpace = (character: string | undefined): boolean => character !== undefined && character.trim() === ''

const literalHint = (opening: string): string =>
  opening === '{{' ? '; for a literal `{{` change the delimiters first, as in `{{=<% %>=}}`' : ''

/** One line of the template: when it holds nothing but tags that render nothing, its blanks are emptied. */
class Line {
  #blanks: { end: number; readonly start: number }[] = []
  #hasTag = false
  #hasText = false

  text(token: { end: number; readonly start: number }, blank: boolean): void {
    if (blank) this.#blanks.push(token)
    else this.#hasText = true
  }

  tag(sigil: string): void {
    this.#hasTag = true
    if (sigil === '' || sigil === '{' || sigil === '&') this.#hasText = true
  }

  end(): void {
    if (this.#hasTag && !this.#hasText) for (const blank of this.#blanks) blank.end = blank.start
    this.#blanks = []
    this.#hasTag = false
    this.#hasText = false
  }
}
