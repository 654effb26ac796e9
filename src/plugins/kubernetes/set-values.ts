/**
 * Values in the language of `helm --set` (strvals in Helm's source): `a.b[0]=text,c={x,y}`, where a backslash takes the
 * character after it as it is. What is on a command line is in the list of processes for everybody to see, so texts go
 * through files and whole documents through a pipe.
 */
import { UserError } from '../../base/errors.ts'

export interface SetValue {
  /** As it was written, with its backslashes. */
  readonly key: string
  readonly value: string
}

/** The assignments of one argument; undefined when it is not in the language, of which helm then says more. */
export function setValues(argument: string): readonly SetValue[] | undefined {
  const found = pieces(argument).map((piece) => /^((?:\\[^]|[^\\=])+)=([^]*)$/.exec(piece))
  return found.every((match) => match !== null)
    ? found.map(([, key = '', value = '']) => ({ key, value }))
    : undefined
}

/** Cuts at each comma that no backslash and no braces protect. */
const pieces = (argument: string): string[] =>
  [...argument.matchAll(/(?:=\{(?:\\[^]|[^\\}])*\}|\\[^]|[^\\,])+/g)].map(([piece]) => piece)

/** Whether `--set` takes a value for a text, and not for a list, a number, a truth value or nothing. */
export const isText = (value: string): boolean =>
  !value.startsWith('{') && !/^(?:true|false|null|0|[1-9]\d*|[-+]\d+)$/i.test(unprotected(value))

/** A text without the backslashes that protected it. */
export const unprotected = (value: string): string => value.replaceAll(/\\([^])/g, '$1')

/** A text that stands in this language for itself. */
export const protectedText = (text: string): string => text.replaceAll(/[\\,]/g, String.raw`\$&`)

/** A document out of values by keys such as `server.ports[0]`; a UserError for what is no key, or for two that clash. */
export function documentOf(values: Readonly<Record<string, unknown>>): object {
  const root = map()
  for (const [key, value] of Object.entries(values)) {
    const steps = stepsOf(key)
    let at: Branch = root
    for (const [index, step] of steps.entries()) {
      const next = steps[index + 1]
      if (next === undefined) at[step] = value
      else at = branchAt(at, step, typeof next === 'number' ? [] : map(), key)
    }
  }
  return root
}

/** A map, or a list, of which the indices are the keys. */
type Branch = Record<string | number, unknown>

/** One in which `__proto__` is a key as any other. */
const map = (): Branch => Object.create(null) as Branch

function branchAt(at: Branch, step: string | number, empty: object, key: string): Branch {
  const there = Object.hasOwn(at, step) ? at[step] : (at[step] = empty)
  if (typeof there === 'object' && there !== null && Array.isArray(there) === Array.isArray(empty)) {
    return there as Branch
  }
  throw new UserError(`the value ${key} is inside of another that is given too`)
}

/** Lists longer than this are a mistake; so has helm it. */
const MOST_ITEMS = 65_536

function stepsOf(key: string): (string | number)[] {
  if (!/^(?:\\[^]|[^\\.[\]])+(?:\[\d+\])*(?:\.(?:\\[^]|[^\\.[\]])+(?:\[\d+\])*)*$/.test(key)) {
    throw new UserError(`${key} is no key of a value, such as server.ports[0]`)
  }
  return [...key.matchAll(/\[(\d+)\]|((?:\\[^]|[^\\.[\]])+)/g)].map(([, index, name = '']) => {
    if (index === undefined) return unprotected(name)
    if (Number(index) < MOST_ITEMS) return Number(index)
    throw new UserError(`${key}: no list of values is so long`)
  })
}
