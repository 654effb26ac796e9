/**
 * What a blocked system call was given as text: its arguments point to strings in the memory of the process, which can be
 * read without stopping it. Positions are those of the manual pages, section 2.
 */
import type { FileView } from '../../../plugin/node.ts'

interface Texts {
  /** Arguments that are strings. */
  readonly at: readonly number[]
  /** The one of them that is the path. */
  readonly path: number
}

const CALLS: Readonly<Record<string, Texts>> = {
  mount: { at: [0, 1, 2, 4], path: 1 },
  fsconfig: { at: [2, 3], path: 3 },
  umount2: { at: [0], path: 0 },
  open: { at: [0], path: 0 },
  openat: { at: [1], path: 1 },
  stat: { at: [0], path: 0 },
  lstat: { at: [0], path: 0 },
  newfstatat: { at: [1], path: 1 },
  statx: { at: [1], path: 1 },
  statfs: { at: [0], path: 0 },
  access: { at: [0], path: 0 },
  faccessat2: { at: [1], path: 1 },
  chdir: { at: [0], path: 0 },
  mkdir: { at: [0], path: 0 },
  unlink: { at: [0], path: 0 },
  unlinkat: { at: [1], path: 1 },
  rename: { at: [0, 1], path: 0 },
  execve: { at: [0], path: 0 },
}

/** A string and the number of the argument that points to it. */
export type ArgumentText = readonly [position: number, text: string]

/** Memory is mapped by pages of this size or a multiple of it: a string never has to be read past the end of one. */
const PAGE = 4096
const MOST_BYTES = 4096

/** The strings that the arguments of a call point to, as far as they can be read. */
export function argumentTexts(
  { memory }: Pick<FileView, 'memory'>,
  pid: number,
  call: string,
  args: readonly bigint[],
): ArgumentText[] {
  const positions = Object.hasOwn(CALLS, call) ? (CALLS[call]?.at ?? []) : []
  if (memory === undefined) return []
  return positions.flatMap((position): ArgumentText[] => {
    const text = textAt((address, length) => memory(pid, address, length), args[position] ?? 0n)
    return text === undefined ? [] : [[position, text]]
  })
}

function textAt(
  read: (address: bigint, length: number) => Uint8Array | undefined,
  start: bigint,
): string | undefined {
  const parts: Uint8Array[] = []
  let length = 0
  while (start !== 0n && length < MOST_BYTES) {
    const address = start + BigInt(length)
    const bytes = read(address, PAGE - Number(address % BigInt(PAGE)))
    if (bytes === undefined) return undefined
    const end = bytes.indexOf(0)
    parts.push(end < 0 ? bytes : bytes.subarray(0, end))
    length += bytes.length
    if (end >= 0) return Buffer.concat(parts).toString('utf8')
  }
  return undefined
}

/** Arguments as strace writes them: strings in quotes, everything else in hexadecimal; and the path, if there is one. */
export function shownArguments(
  call: string,
  args: readonly bigint[],
  texts: readonly ArgumentText[],
): { readonly args: string; readonly path: string | null } {
  const known = new Map(texts)
  const last = Math.max(...known.keys())
  const shown = args.slice(0, last + 1).map((arg, position) => {
    const text = known.get(position)
    return text === undefined ? `0x${arg.toString(16)}` : JSON.stringify(text)
  })
  const position = Object.hasOwn(CALLS, call) ? CALLS[call]?.path : undefined
  return { args: shown.join(', '), path: position === undefined ? null : (known.get(position) ?? null) }
}

/** Reads what `JSON.stringify` made of texts; undefined when it is something else. */
export function textsIn(json: string): ArgumentText[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  if (!Array.isArray(value) || value.length === 0) return undefined
  const texts: ArgumentText[] = []
  for (const one of value as unknown[]) {
    const [position, text] = Array.isArray(one) ? (one as unknown[]) : []
    if (typeof position !== 'number' || !Number.isInteger(position) || typeof text !== 'string')
      return undefined
    texts.push([position, text])
  }
  return texts
}
