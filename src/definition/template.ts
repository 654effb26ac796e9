/**
 * Renders the Mustache template that a definition is, and remembers where every piece of the result came from.
 *
 * The rules are Fallout's (mustache.java): no HTML escaping, 0 and an empty map are true in a section, an empty list,
 * an empty string and null are false, and every tag that is reached must have a value.
 */
import { renderValue } from './java-text.ts'
import { limits } from './limits.ts'
import { parseTemplate, type Token } from './mustache.ts'
import type { Segment, Span } from './position.ts'
import { nearest } from '../base/nearest.ts'
import type { ReportAt } from './problems/problems.ts'
import { quote } from './problems/quote.ts'
import type { MapTree, Tree } from './tree.ts'

export interface Rendered {
  readonly text: string
  /** Offsets are those of the template. */
  readonly segments: readonly Segment[]
  /** Top-level names that tags asked for. */
  readonly used: ReadonlySet<string>
}

/** Renders `template` over `values`; `undefined` when it is no template or grows too large. */
export function renderTemplate(template: string, values: MapTree, report: ReportAt): Rendered | undefined {
  let broken = false
  const tokens = parseTemplate(template, (offset, message, hint) => {
    broken = true
    report({ start: offset, end: offset + 1 }, message, hint)
  })
  if (broken) return undefined
  const renderer = new Renderer(template, report)
  renderer.render(tokens, [values])
  return renderer.overflow ? undefined : renderer.result()
}

type Named = Exclude<Token, { type: 'text' }>

class Renderer {
  readonly #template: string
  readonly #report: ReportAt
  readonly #parts: string[] = []
  readonly #segments: Segment[] = []
  readonly #used = new Set<string>()
  #length = 0
  #steps = 0
  overflow = false

  constructor(template: string, report: ReportAt) {
    this.#template = template
    this.#report = report
  }

  result(): Rendered {
    return { text: this.#parts.join(''), segments: this.#segments, used: this.#used }
  }

  /** Scopes stand outermost first; the root scope holds the parameters. */
  render(tokens: readonly Token[], scopes: readonly Tree[]): void {
    for (const token of tokens) {
      if (!this.#step(token)) return
      if (token.type === 'text') {
        this.#write(token, this.#template.slice(token.start, token.end), 'copy')
        continue
      }
      const value = this.#lookUp(token, scopes)
      if (value === undefined) this.#missing(token, scopes)
      else if (token.type === 'value') this.#write(token, renderValue(value), 'value')
      else if (token.inverted) {
        if (!isTrue(value)) this.render(token.children, scopes)
      } else if (value.type === 'list') {
        for (const item of value.items) {
          if (!this.#step(token)) return
          this.render(token.children, [...scopes, item])
        }
      } else if (isTrue(value)) {
        this.render(token.children, [...scopes, value])
      }
    }
  }

  /** False when there have been too many: nested lists repeat one another. */
  #step(at: Span): boolean {
    this.#steps += 1
    if (this.#steps > limits.renderSteps) this.#tooLarge(at, `takes more than ${limits.renderSteps} steps`)
    return !this.overflow
  }

  #write(token: Span, text: string, type: Segment['type']): void {
    if (text === '' && type !== 'missing') return
    this.#segments.push({ renderedStart: this.#length, sourceStart: token.start, type })
    this.#parts.push(text)
    this.#length += text.length
    if (this.#length > limits.expanded)
      this.#tooLarge(token, `renders to more than ${limits.expanded} characters`)
  }

  #tooLarge(at: Span, what: string): void {
    if (!this.overflow) {
      this.#report(at, `the template ${what}`, 'do lists repeat one another here?')
    }
    this.overflow = true
  }

  /** A missing value is marked, so that what it leads to further on is not reported as well. */
  #missing(token: Named, scopes: readonly Tree[]): void {
    const hint = (): string => {
      const guess = nearest(
        token.name,
        scopes.flatMap((scope) => (scope.type === 'map' ? firstKeys(scope) : [])),
      )
      if (guess !== undefined) return `did you mean \`${guess}\`?`
      const name = /^\w[\w.-]{0,60}$/.test(token.name) ? token.name : 'NAME'
      return `give it by -p ${name}=VALUE, or a default above \`---\``
    }
    this.#report(token, `no value for the template tag ${quote(token.name)}`, hint)
    this.#write(token, 'missing', 'missing')
  }

  /** The innermost scope that has the name decides. A key written with its dots wins over a path through maps. */
  #lookUp({ name, path }: Named, scopes: readonly Tree[]): Tree | undefined {
    if (name === '.') return scopes.at(-1)
    const [head = '', ...rest] = path
    for (let depth = scopes.length - 1; depth >= 0; depth -= 1) {
      const scope = scopes[depth]
      if (scope?.type !== 'map') continue
      const [whole, first] = [scope.entries.get(name), scope.entries.get(head)]
      if (depth === 0) {
        this.#used.add(name)
        if (whole === undefined) this.#used.add(head)
      }
      if (whole !== undefined) return whole.value
      if (first !== undefined) return walk(first.value, rest)
    }
    return undefined
  }
}

/** Enough of a map's keys to guess from. */
const firstKeys = (map: MapTree): string[] => map.entries.keys().take(limits.problems).toArray()

function walk(start: Tree, path: readonly string[]): Tree | undefined {
  let tree: Tree | undefined = start
  for (const step of path) {
    if (tree?.type !== 'map') return undefined
    tree = tree.entries.get(step)?.value
  }
  return tree
}

function isTrue(tree: Tree): boolean {
  switch (tree.type) {
    case 'map':
      return true
    case 'list':
      return tree.items.length > 0
    case 'scalar':
      return tree.value !== null && tree.value !== false && tree.value !== ''
  }
}
