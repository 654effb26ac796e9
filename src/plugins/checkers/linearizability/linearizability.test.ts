import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../base/random.ts'
import type { Operation } from '../../../plugin/checker.ts'
import { attemptsByKey, momentsIn, type Attempt } from './attempts.ts'
import linearizability from './index.ts'
import { search } from './search.ts'

const bounds = { timeoutMs: 60_000, states: 1_000_000 }

/** `client type f value` for each moment, in the order of time. */
const history = (text: string): Attempt[] => {
  const moments = text
    .trim()
    .split('\n')
    .map((line, time) => {
      const [client = '', type = 'ok', f = '', value = 'null'] = line.trim().split(/ +/)
      return {
        client,
        type: type as 'ok',
        f,
        key: null,
        value: JSON.parse(value) as unknown,
        time: BigInt(time),
      }
    })
  return attemptsByKey(moments).get('null') ?? []
}
const judged = async (text: string, initial = 'null'): Promise<string> =>
  (await search(history(text), initial, bounds)).linearizable

describe('histories that have been published', () => {
  test('the register of the readme of Porcupine: a read of 0 may not end after one of 100', async () => {
    const upTo = `
      0 invoke write 100
      1 invoke read
      2 invoke read
      2 ok read 0
      1 ok read 100
      0 ok write 100`
    expect(await judged(upTo, '0')).toBe('yes')
    const stale = `
      0 invoke write 200
      1 invoke read
      1 ok read 200
      2 invoke read
      2 ok read 0
      0 ok write 200`
    expect(await judged(stale, '0')).toBe('no')
  })

  test('registers H1 to H4 of Herlihy and Wing, as writes and reads', async () => {
    const sequential =
      '0 invoke write 1\n0 ok write 1\n1 invoke read\n1 ok read 1\n1 invoke write 0\n1 ok write 0'
    expect(await judged(sequential)).toBe('yes')
    expect(await judged(`${sequential}\n0 invoke read\n0 ok read 1`)).toBe('no')
  })

  test('an operation without an end may happen long after, or never, as in Knossos', async () => {
    const crashed =
      '0 invoke write 1\n0 info write 1\n1 invoke read\n1 ok read null\n1 invoke read\n1 ok read 1'
    expect(await judged(crashed)).toBe('yes')
    expect(await judged(`${crashed}\n1 invoke read\n1 ok read null`)).toBe('no')
    expect(await judged('0 invoke write 1\n0 fail write 1\n1 invoke read\n1 ok read 1')).toBe('no')
  })

  test('compare and set', async () => {
    const both = '0 invoke cas [0,1]\n1 invoke cas [0,2]\n0 ok cas [0,1]\n1 ok cas [0,2]'
    expect(await judged(both, '0')).toBe('no')
    expect(await judged(both.replace('1 ok', '1 fail'), '0')).toBe('yes')
    expect(await judged('0 invoke cas [0,1]\n1 invoke cas [1,2]\n0 ok cas [0,1]\n1 ok cas [1,2]', '0')).toBe(
      'yes',
    )
  })
})

/** All orders, one after the other. */
function bruteForce(left: readonly Attempt[], value: string): boolean {
  if (left.every(({ end }) => end === undefined)) return true
  return left.some((attempt) => {
    const rest = left.filter((one) => one !== attempt)
    if (rest.some(({ end }) => end !== undefined && end < attempt.call)) return false
    if (attempt.f === 'write') return bruteForce(rest, attempt.value)
    if (attempt.f === 'read') return attempt.value === value && bruteForce(rest, value)
    return attempt.from === value && bruteForce(rest, attempt.to)
  })
}

test('random histories are judged as by trying all orders', async () => {
  const random = seededRandom(4711)
  const counts = { yes: 0, no: 0, unknown: 0 }
  for (let round = 0; round < 3000; round += 1) {
    const attempts = Array.from({ length: 2 + random.below(6) }, (_, client): Attempt => {
      const call = BigInt(random.below(12))
      const f = random.pick(['read', 'write', 'cas'] as const)
      const end = f !== 'read' && random.below(4) === 0 ? undefined : call + BigInt(random.below(8))
      const [one, other] = [String(random.below(3)), String(random.below(3))]
      const times = { client: String(client), call, end }
      return f === 'cas' ? { f, from: one, to: other, ...times } : { f, value: one, ...times }
    })
    const { linearizable } = await search(attempts, '0', bounds)
    counts[linearizable] += 1
    expect([attempts, linearizable]).toEqual([attempts, bruteForce(attempts, '0') ? 'yes' : 'no'])
  }
  expect(counts.unknown).toBe(0)
  expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(300)
})

/** A real register that clients use at once: each operation happens at a moment between its beginning and its end. */
function simulated(count: number, clients: number, odds: number, seed: number): Attempt[] {
  const random = seededRandom(seed)
  const begun = Array.from({ length: clients }, () => 0)
  const planned = Array.from({ length: count }, () => {
    const client = random.below(clients)
    const call = (begun[client] ?? 0) + 1 + random.below(20)
    const moment = call + random.below(20)
    const end = moment + random.below(20)
    begun[client] = end + 1
    return {
      client: String(client),
      call: BigInt(call),
      moment,
      end: BigInt(end),
      wanted: random.below(5),
      kind: random.below(3),
    }
  })
  let value = 'null'
  return planned
    .toSorted((a, b) => a.moment - b.moment)
    .map(({ client, call, end, wanted, kind }): Attempt => {
      const lost = kind !== 0 && random.below(odds) === 0
      const times = { client, call, end: lost ? undefined : end }
      if (kind === 0) return { f: 'read', value, ...times }
      const from = value
      value = String(wanted)
      return kind === 1 ? { f: 'write', value, ...times } : { f: 'cas', from, to: value, ...times }
    })
}

test('long histories of a real register are linearizable, and are not when a value was read that was never there', async () => {
  const attempts = simulated(2000, 8, 700, 42)
  expect(await search(attempts, 'null', bounds)).toEqual({ linearizable: 'yes' })
  const last = attempts.findLastIndex(({ f }) => f === 'read')
  const spoilt = attempts.map((one, index) =>
    index === last && one.f === 'read' ? { ...one, value: '99' } : one,
  )
  expect(await search(spoilt, 'null', bounds)).toMatchObject({
    linearizable: 'no',
    stuck: { f: 'read', value: '99' },
  })
})

test('it gives up when there is too much to remember', async () => {
  const attempts = Array.from({ length: 24 }, (_, client): Attempt => ({
    f: 'write',
    value: String(client),
    client: String(client),
    call: 0n,
    end: 1n,
  }))
  const read: Attempt = { f: 'read', value: '"never"', client: 'r', call: 2n, end: 3n }
  expect(await search([...attempts, read], 'null', { timeoutMs: 60_000, states: 1000 })).toMatchObject({
    linearizable: 'unknown',
    why: 'there are more than 1000 states to remember',
  })
})

describe('the checker', () => {
  const operation = (ts: number, process: string, kind: Operation['kind'], value: unknown): Operation => ({
    ts: BigInt(ts),
    process,
    module: 'load',
    kind,
    value,
    phase: '1',
  })
  const check = (directory: string, operations: readonly Operation[], given: object = {}) =>
    linearizability.check(
      { directory, history: operations, symptoms: [], query: () => Promise.reject(new Error('no evidence')) },
      linearizability.properties.parse(given),
    )

  test('reads the operations of the run, each register by itself', async () => {
    const operations = [
      operation(1, 'a', 'invoke', { f: 'write', key: 'x', value: 1, client: 1 }),
      operation(2, 'a', 'invoke', { f: 'write', key: 'y', value: 2, client: 2 }),
      operation(3, 'a', 'ok', { f: 'write', key: 'x', value: 1, client: 1 }),
      operation(4, 'a', 'ok', { f: 'write', key: 'y', value: 2, client: 2 }),
      operation(5, 'b', 'invoke', { f: 'read', key: 'x' }),
      operation(6, 'b', 'ok', { f: 'read', key: 'x', value: 1 }),
      operation(7, 'c', 'ok', 'something else'),
    ]
    expect(await check('/nowhere', operations)).toEqual({
      verdict: 'pass',
      message: '3 operations on 2 registers are linearizable',
    })
    expect(await check('/nowhere', operations, { processes: 'c' })).toMatchObject({ verdict: 'unknown' })
  })

  test('reads files, says what cannot be explained, and draws it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quarry-linearizability-'))
    try {
      mkdirSync(join(directory, 'nodes'))
      const lines = [
        { client: 1, type: 'invoke', f: 'write', key: 'k<1>', value: 'new', time: 1 },
        { client: 1, type: 'ok', f: 'write', key: 'k<1>', value: 'new', time: 2 },
        { client: 2, type: 'invoke', f: 'read', key: 'k<1>', time: '1700000000000000003' },
        { client: 2, type: 'ok', f: 'read', key: 'k<1>', value: 'old', time: '1700000000000000004' },
      ].map((line) => `${JSON.stringify(line)}\n`)
      writeFileSync(join(directory, 'nodes', 'h.jsonl'), lines.join(''))
      const { verdict, message } = await check(directory, [], { files: 'nodes/*.jsonl', initial: 'old' })
      expect(verdict).toBe('fail')
      const [, said, picture = ''] = /^(.*); see (checks\/linearizability-\w+\.svg)$/.exec(message) ?? []
      expect(said).toBe(
        'register "k<1>" is not linearizable: read "old" by client nodes/h.jsonl 2 cannot come after write "new", with value "new"',
      )
      const svg = readFileSync(join(directory, picture), 'utf8')
      expect(svg).toContain('k&lt;1>')
      expect(svg.match(/<g class="(stuck|placed)">/g)).toEqual(['<g class="placed">', '<g class="stuck">'])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('what is no history of registers is said', () => {
    expect(() => momentsIn('h', '{"client": 1}')).toThrow('h:1 is not {"client"')
    expect(() => history('0 ok read 1')).toThrow('client 0 ends read without having begun it')
    expect(() => history('0 invoke push 1')).toThrow('push of 1 is not read, write, or cas of [from, to]')
    expect(() => linearizability.properties.parse({ files: '../x' })).toThrow('is not a pattern below')
  })
})
