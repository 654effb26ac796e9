/**
 * Small files of another machine, through an agent there.
 *
 * What a snapshot is asked for, the next one has: the samplers of a node cost one question each tick, of which nobody
 * waits for the answer with his hands tied. Everybody else asks when he needs it, and is answered at once; whoever goes
 * through the processes one by one is given, from the third on, those of all the others with them.
 */
import type { FilePart, FileSystemSpace, FileView } from '../plugin/node.ts'
import type { AgentChannel, Answer } from './agent-channel.ts'

/** As many paths that differ in numbers only are asked for as one pattern. */
const ALIKE = 3
/** How long an answer stands for what is there now, unless a command was started meanwhile. */
const FRESH_MS = 300
/** What no snapshot of so many was asked for is not fetched any more. */
const FORGOTTEN_AFTER = 3

/** `forget` is called when something was done on the machine: what was read before it may be wrong now. */
export interface AgentFiles extends FileView {
  forget(): void
}

/** The view of the machine that an agent runs on. */
export function agentFiles(channel: AgentChannel): AgentFiles {
  let fresh = new Answers(channel)
  /** Requests of earlier snapshots, and how many snapshots ago that was. */
  const wanted = new Map<string, number>()
  const current = (): Answers => {
    if (performance.now() - fresh.bornMs > FRESH_MS) fresh = new Answers(channel)
    return fresh
  }
  const look = view((request) => current().get(request))
  return {
    ...look,
    forget: () => {
      fresh = new Answers(channel)
    },
    snapshot: async () => {
      const { requests, patterns } = generalized(wanted.keys())
      const answers = new Answers(channel, await channel.ask(requests), patterns)
      for (const [request, age] of wanted) {
        if (age >= FORGOTTEN_AFTER) wanted.delete(request)
        else wanted.set(request, age + 1)
      }
      return view((request) => {
        wanted.set(request, 0)
        return answers.get(request)
      })
    },
  }
}

/** What is known of one moment, and what is found out on top of it. */
class Answers {
  readonly bornMs = performance.now()
  readonly #channel: AgentChannel
  readonly #known: Map<string, Buffer | undefined>
  /** Patterns of which every file is known: what is not there does not exist. */
  readonly #complete: Set<string>
  /** By shape, what had to be asked for. */
  readonly #missed = new Map<string, string[]>()

  constructor(channel: AgentChannel, known: Answer = new Map(), complete: Iterable<string> = []) {
    this.#channel = channel
    this.#known = new Map(known)
    this.#complete = new Set(complete)
  }

  get(request: string): Buffer | undefined {
    if (this.#known.has(request)) return this.#known.get(request)
    if (this.#isComplete(request)) return undefined
    const shape = shapeOf(request)
    const alike = [...(this.#missed.get(shape) ?? []), request]
    this.#missed.set(shape, alike)
    const isMany = canBePattern(shape) && alike.length >= ALIKE
    const pattern = isMany ? commonPattern(alike) : request
    for (const [found, bytes] of this.#channel.askNow([pattern])) {
      if (!this.#known.has(found)) this.#known.set(found, bytes)
    }
    if (isMany) {
      this.#complete.add(pattern)
      this.#missed.delete(shape)
    }
    if (!this.#known.has(request)) this.#known.set(request, undefined)
    return this.#known.get(request)
  }

  #isComplete(request: string): boolean {
    if (this.#complete.size === 0) return false
    for (const pattern of this.#complete) if (matches(pattern, request)) return true
    return false
  }
}

/** A tab or a line break in a path would be taken for the end of it. */
const isAskable = (path: string): boolean => path.startsWith('/') && !/[\t\n#]/.test(path)

function view(get: (request: string) => Buffer | undefined): FileView {
  const ask = (what: string, path: string, ...rest: readonly string[]): Buffer | undefined =>
    isAskable(path) ? get([what, path, ...rest].join('\t')) : undefined
  return {
    text: (path) => ask('t', path)?.toString('utf8'),
    list: (path) => (ask('l', path)?.toString('utf8') ?? '').split('\0').slice(0, -1),
    link: (path) => ask('k', path)?.toString('utf8'),
    count: (path) => {
      const text = ask('c', path)?.toString('latin1')
      return text === undefined ? undefined : Number(text)
    },
    space: (path) => spaceOf(ask('s', path)?.toString('latin1')),
    part: (path, offset, maxBytes) => partOf(ask('p', path, String(offset), String(maxBytes))),
    memory: (pid, address, length) => ask('m', `/proc/${pid}/mem`, String(address), String(length)),
  }
}

function spaceOf(text: string | undefined): FileSystemSpace | undefined {
  const [unit = 0, blocks = 0, free = 0, available = 0, files = 0, filesFree = 0] =
    text?.trim().split(' ').map(Number) ?? []
  if (text === undefined) return undefined
  return {
    sizeBytes: blocks * unit,
    freeBytes: free * unit,
    availableBytes: available * unit,
    files,
    filesFree,
  }
}

function partOf(bytes: Buffer | undefined): FilePart | undefined {
  const end = bytes?.indexOf(0x0a) ?? -1
  if (bytes === undefined || end < 0) return undefined
  const [inode = 0, size = 0] = bytes.toString('latin1', 0, end).split(' ').map(Number)
  return { inode, size, bytes: bytes.subarray(end + 1) }
}

/** A request with `#` for every number that is a whole component of its path. */
const shapeOf = (request: string): string => request.replaceAll(/\/\d+(?=\/|\t|$)/g, '/#')

/** Only of what has a path and nothing else. */
const canBePattern = (shape: string): boolean => /^[tlkc]\t.*#/.test(shape)

/** Requests of one shape as a pattern with `#` only where they differ. */
function commonPattern(requests: readonly string[]): string {
  const [first = '', ...others] = requests
  const rest = others.map((one) => one.split('/'))
  return first
    .split('/')
    .map((component, index) => (rest.every((one) => one[index] === component) ? component : '#'))
    .join('/')
}

function matches(pattern: string, request: string): boolean {
  const wanted = pattern.split('/')
  const given = request.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((one, index) => one === given[index] || (one === '#' && /^\d+$/.test(given[index] ?? '')))
  )
}

/** Requests with those that are alike as one pattern. */
function generalized(requests: Iterable<string>): { requests: string[]; patterns: string[] } {
  const byShape = Map.groupBy(requests, shapeOf)
  const patterns: string[] = []
  const single: string[] = []
  for (const [shape, alike] of byShape) {
    if (canBePattern(shape) && alike.length >= ALIKE) {
      patterns.push(commonPattern(alike))
    } else {
      single.push(...alike)
    }
  }
  return { requests: [...patterns, ...single], patterns }
}
