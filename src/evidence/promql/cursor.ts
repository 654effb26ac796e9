/** A place in a list of tokens, and the reports of what was expected there. */
import type { InvalidExpr, PromqlProblem } from './ast.ts'
import { maxProblems, type Token } from './lex.ts'

export class Cursor {
  protected readonly tokens: readonly Token[]
  protected readonly problems: PromqlProblem[]
  protected index = 0

  constructor(tokens: readonly Token[], problems: PromqlProblem[]) {
    this.tokens = tokens
    this.problems = problems
  }

  protected token(ahead = 0): Token {
    const token = this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)]
    if (token === undefined) throw new Error('a token list without its end')
    return token
  }

  protected next(): Token {
    const token = this.token()
    if (this.index < this.tokens.length - 1) this.index++
    return token
  }

  /** Where the token before the current one ended. */
  protected end(): number {
    return this.index === 0 ? 0 : (this.tokens[this.index - 1]?.to ?? 0)
  }

  protected at(text: string, ahead = 0): boolean {
    const token = this.token(ahead)
    return token.type === 'symbol' && token.text === text
  }

  protected word(ahead = 0): string {
    const token = this.token(ahead)
    return token.type === 'identifier' ? token.text.toLowerCase() : ''
  }

  protected accept(text: string): boolean {
    if (!this.at(text)) return false
    this.next()
    return true
  }

  /** Reports what was expected at the current token, and takes nothing. */
  protected fail(expected: string, hint?: string): InvalidExpr {
    const { from, to, type, text } = this.token()
    const found = type === 'end' ? 'the end' : `\`${text}\``
    // What the lexer or a deeper rule has reported is not reported again.
    if (
      !this.problems.some((problem) => problem.offset === from || (type === 'end' && problem.offset < from))
    ) {
      const message = `expected ${expected}, found ${found}`
      this.problems.push({
        offset: from,
        length: to - from,
        message,
        ...(hint === undefined ? {} : { hint }),
      })
    }
    if (this.problems.length >= maxProblems) this.index = this.tokens.length - 1
    return { kind: 'invalid', from, to }
  }

  protected expect(text: string): void {
    if (this.accept(text)) return
    this.fail(`\`${text}\``)
    // Go on after the missing bracket if it comes later at this level.
    for (let level = 0, ahead = 0; ; ahead++) {
      const token = this.token(ahead)
      if (token.type === 'end') return
      if (level === 0 && token.type === 'symbol' && token.text === text) {
        this.index += ahead + 1
        return
      }
      if (token.type !== 'symbol') continue
      if ('([{'.includes(token.text)) level++
      else if (')]}'.includes(token.text) && --level < 0) return
    }
  }
}
