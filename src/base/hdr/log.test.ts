import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync, inflateSync, zstdCompressSync } from 'node:zlib'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeHistogram } from './decode.ts'
import { deviation, maximum, mean, minimum, percentile, union, type Histogram } from './histogram.ts'
import { readHistogramLog, type LoggedInterval } from './log.ts'

const fixture = join(import.meta.dirname, 'fixtures', 'two-tags.hdr')

/** What Java said of a histogram. */
interface Expected {
  readonly tag: string
  readonly start: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly deviation: number
  readonly percentiles: readonly number[]
}
const expected = JSON.parse(await readFile(fixture.replace('.hdr', '.json'), 'utf8')) as {
  readonly intervals: readonly Expected[]
  readonly whole: readonly Expected[]
}
const LEVELS = [0, 25, 50, 90, 95, 99, 99.9, 100]

const described = (histogram: Histogram): Omit<Expected, 'tag' | 'start'> => ({
  count: histogram.total,
  min: minimum(histogram),
  max: maximum(histogram),
  mean: mean(histogram),
  deviation: deviation(histogram),
  percentiles: LEVELS.map((level) => percentile(histogram, level)),
})
/** The same up to the last digits, which depend on the order of a sum. */
const close = ({ tag: _tag, start: _start, ...one }: Expected): Omit<Expected, 'tag' | 'start'> => ({
  ...one,
  mean: expect.closeTo(one.mean, 5),
  deviation: expect.closeTo(one.deviation, 3),
})

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-hdr-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function read(file: string): Promise<{ intervals: LoggedInterval[]; bad: string[] }> {
  const bad: string[] = []
  const intervals = await Array.fromAsync(readHistogramLog(file, (line, why) => bad.push(`${line}: ${why}`)))
  return { intervals, bad }
}
async function readText(text: string): Promise<{ intervals: LoggedInterval[]; bad: string[] }> {
  const file = join(directory, 'text.hdr')
  await writeFile(file, text)
  return await read(file)
}

describe('a log of the reference implementation', () => {
  test('every interval has the counts, percentiles, mean and deviation that Java gives', async () => {
    const { intervals, bad } = await read(fixture)
    expect(bad).toEqual([])
    expect(intervals.map(({ tag, start }) => ({ tag, start }))).toEqual(
      expected.intervals.map(({ tag, start }) => ({ tag, start: 1_700_000_000 + start })),
    )
    expect(intervals.map(({ histogram }) => described(histogram))).toEqual(expected.intervals.map(close))
  })

  test.each(expected.whole)('the union of `$tag` is that of Java', async (whole) => {
    const { intervals } = await read(fixture)
    const all = union(intervals.filter(({ tag }) => tag === whole.tag).map(({ histogram }) => histogram))
    expect(all && described(all)).toEqual(close(whole))
  })

  test.each([
    ['gz', gzipSync],
    ['zst', zstdCompressSync],
  ])('the same compressed as .%s', async (ending, compress) => {
    const file = join(directory, `log.hdr.${ending}`)
    await writeFile(file, compress(await readFile(fixture)))
    expect((await read(file)).intervals).toEqual((await read(fixture)).intervals)
  })
})

test('the union has the fewest digits and the largest step, in whatever order', () => {
  const of = (digits: 2 | 3, lowest: number): Histogram => {
    const histogram = build({
      numberOfSignificantValueDigits: digits,
      lowestDiscernibleValue: lowest,
      highestTrackableValue: 1e9,
    })
    histogram.recordValue(123_456)
    return decodeHistogram(encodeIntoCompressedBase64(histogram))
  }
  const [digits, step] = [of(2, 1), of(3, 1024)]
  const all = union([digits, step])
  expect(all).toEqual(union([step, digits]))
  expect(all).toMatchObject({ geometry: { digits: 2, unitMagnitude: 10 }, total: 2 })
})

test('the union of two geometries is in the coarser one', async () => {
  const { intervals } = await read(fixture)
  const all = union(intervals.map(({ histogram }) => histogram))
  expect(all?.geometry.digits).toBe(2)
  expect(all?.total).toBe(expected.whole.reduce((sum, { count }) => sum + count, 0))
  const most = Math.max(...expected.whole.map(({ max }) => max))
  expect(Math.abs((all ? maximum(all) : 0) / most - 1)).toBeLessThan(0.01)
})

test('what hdr-histogram-js writes is read, with the percentiles that it gives itself', () => {
  const theirs = build({ numberOfSignificantValueDigits: 3 })
  for (let i = 1; i < 20_000; i++) theirs.recordValue((i * i) % 5_000_011)
  const ours = decodeHistogram(encodeIntoCompressedBase64(theirs))
  expect(LEVELS.slice(1).map((level) => percentile(ours, level))).toEqual(
    LEVELS.slice(1).map((level) => theirs.getValueAtPercentile(level)),
  )
})

describe('times', () => {
  const payload = encodeIntoCompressedBase64(build())
  const starts = async (text: string): Promise<number[]> =>
    (await readText(text)).intervals.map(({ start }) => start)

  test('are absolute, or count from the base time, or from the start time', async () => {
    const at = (time: number): string => `${time},1.0,0.0,${payload}\n`
    expect(await starts(at(1_700_000_000))).toEqual([1_700_000_000])
    expect(await starts(`#[BaseTime: 1600000000.5 (seconds)]\n${at(2)}`)).toEqual([1_600_000_002.5])
    expect(await starts(`#[StartTime: 1600000000 (seconds)]\n${at(2)}${at(3)}`)).toEqual([
      1_600_000_002, 1_600_000_003,
    ])
    expect(await starts(`#[StartTime: 1600000000 (seconds)]\n${at(1_600_000_009)}`)).toEqual([1_600_000_009])
  })
})

test('a histogram whose counts are cut off inside is told of', () => {
  const packed = Buffer.from(encodeIntoCompressedBase64(build()), 'base64')
  const bytes = inflateSync(packed.subarray(8))
  bytes.writeUInt32BE(bytes.readUInt32BE(4) + 9, 4)
  const deflated = deflateSync(bytes)
  packed.writeUInt32BE(deflated.length, 4)
  const text = Buffer.concat([packed.subarray(0, 8), deflated]).toString('base64')
  expect(() => decodeHistogram(text)).toThrow('the counts are cut off')
})

test('lines that are no interval are left out, and told', async () => {
  const good = `1,1.0,0.0,${encodeIntoCompressedBase64(build())}`
  const bomb = Buffer.alloc(8)
  const deflated = deflateSync(Buffer.alloc(2 ** 27))
  bomb.writeUInt32BE(0x1c849314)
  bomb.writeUInt32BE(deflated.length, 4)
  const lines = [
    'hello',
    `x,1.0,0.0,${good.split(',')[3]}`,
    '1,1.0,0.0,AAAA',
    '1,1.0,0.0,HISTFAAAAPh42pVQ',
    `1,1.0,0.0,${Buffer.concat([bomb, deflated]).toString('base64')}`,
    good,
    good.slice(0, -12),
  ]
  const { intervals, bad } = await readText(lines.join('\n'))
  expect(intervals).toHaveLength(1)
  expect(bad).toMatchInlineSnapshot(`
    [
      "1: this is not start, length, maximum and histogram",
      "2: this is not start, length, maximum and histogram",
      "3: the histogram is cut off",
      "4: the histogram is cut off",
      "5: the histogram cannot be unpacked: Cannot create a Buffer larger than 67108864 bytes",
      "7: the histogram is cut off",
    ]
  `)
})
