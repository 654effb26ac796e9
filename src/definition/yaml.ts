/**
 * Text to tree. YAML 1.1 scalars as SnakeYAML reads them, because Fallout does: `yes` and `off` are booleans, `010` is
 * 8. The text is hostile: lexemes, depth and the size with aliases written out are bounded before anything is built.
 */
import { Composer, CST, Lexer, Parser, type Document, type ScalarTag } from 'yaml'
import { createTreeBuilder } from './aliases.ts'
import { limits } from './limits.ts'
import type { ReportAt } from './problems/problems.ts'
import type { Tree } from './tree.ts'

/** The document as a tree; `undefined` when it is empty or was too broken to build. Problems go to `report`. */
export function parseYaml(text: string, report: ReportAt): Tree | undefined {
  const tokens = readTokens(text, report)
  if (tokens === undefined) return undefined
  const documents = compose(tokens, text.length)
  const [document, second] = documents
  if (second !== undefined) {
    const start = second.range[0]
    report({ start, end: start + 1 }, 'a second document begins here', 'a definition is one YAML document')
    return undefined
  }
  if (document === undefined) return undefined
  for (const { pos, code, message } of [...document.errors.slice(0, 20), ...document.warnings.slice(0, 20)]) {
    report({ start: pos[0], end: pos[1] }, sentence(message), hints[code])
  }
  if (document.errors.length > 0 || document.contents === null) return undefined
  return createTreeBuilder(report).build(document.contents)
}

/** Concrete syntax of the text, unless there is too much of it. */
function readTokens(text: string, report: ReportAt): CST.Token[] | undefined {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let lexemes = 0
  let offset = 0
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1
    offset += lexeme.length
    if (lexemes > limits.lexemes) {
      const start = Math.min(offset, text.length)
      report(
        { start, end: start },
        `more than ${limits.lexemes} YAML tokens up to here`,
        'is this a definition?',
      )
      return undefined
    }
    tokens.push(...parser.next(lexeme))
  }
  tokens.push(...parser.end())
  const deep = tooDeep(tokens)
  if (deep === undefined) return tokens
  report({ start: deep, end: deep + 1 }, `more than ${limits.depth} collections inside one another`)
  return undefined
}

/** Offset of the first collection below the depth limit. The library's composer recurses, so this must come first. */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const pending = tokens.map((token) => ({ token, depth: 0 }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next
    if (depth > limits.depth) return 'offset' in token ? token.offset : 0
    if (token.type === 'document' && token.value !== undefined) pending.push({ token: token.value, depth })
    if (!('items' in token)) continue
    for (const { key, value } of token.items) {
      if (key) pending.push({ token: key, depth: depth + 1 })
      if (value) pending.push({ token: value, depth: depth + 1 })
    }
  }
  return undefined
}

function compose(tokens: readonly CST.Token[], length: number): Document.Parsed[] {
  const composer = new Composer({
    version: '1.1',
    customTags: (tags) => [...tags.filter((tag) => typeof tag === 'string' || !leftOut.has(tag.tag)), bool],
    // The library compares every key with every other one; the tree builder finds duplicates by a map.
    uniqueKeys: false,
    intAsBigInt: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const documents = composer.compose(tokens, false, length)
  return [...documents].filter((document): document is Document.Parsed => document.contents !== undefined)
}

/** SnakeYAML leaves `y` and `n` alone, and so do people who call a column `y`. */
const bool: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|true|on)$/i.test(text),
}

/** Tags with values that JSON does not have; merge keys are the tree builder's. */
const leftOut = new Set(
  ['binary', 'bool', 'merge', 'omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`),
)

const sentence = (message: string): string =>
  `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`

const hints: Readonly<Record<string, string>> = {
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes if it holds `: `, or indent the map below',
  BAD_INDENT: 'indent with spaces, entries of one map all alike',
  TAB_AS_INDENT: 'indent with spaces',
  MISSING_CHAR:
    'a quote, bracket or brace is not closed, or a value starts with a special character: put it in quotes',
  MULTILINE_IMPLICIT_KEY: 'is a quote or a `:` missing?',
  BAD_SCALAR_START: 'put the value in quotes',
}
