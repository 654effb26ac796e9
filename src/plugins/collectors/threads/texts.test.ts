import { expect, test } from 'vitest'
import { argumentTexts, shownArguments, textsIn } from './texts.ts'

/** Memory of a process in which this text lies at an address, with nothing mapped after its page. */
const holding = (address: bigint, text: string) => ({
  memory: (_pid: number, from: bigint, length: number): Uint8Array | undefined => {
    const page = Buffer.alloc(4096)
    Buffer.from(`${text}\0`).copy(page, Number(address % 4096n))
    const begin = Number(from - (address - (address % 4096n)))
    return begin < 0 || begin + length > page.length ? undefined : page.subarray(begin, begin + length)
  },
})

test('strings that end close to the end of what is mapped', () => {
  const files = holding(0x10fe0n, '10.0.0.7:/export')
  expect(argumentTexts(files, 7, 'umount2', [0x10fe0n, 0n])).toEqual([[0, '10.0.0.7:/export']])
  expect(argumentTexts(files, 7, 'umount2', [0x20000n, 0n])).toEqual([])
  expect(argumentTexts(files, 7, 'umount2', [0n, 0n])).toEqual([])
  expect(argumentTexts(files, 7, 'futex', [0x10fe0n])).toEqual([])
  expect(argumentTexts({}, 7, 'umount2', [0x10fe0n])).toEqual([])
})

test('arguments as strace shows them', () => {
  const texts = [
    [0, '10.0.0.7:/export'],
    [1, '/mnt/a "b"'],
    [4, 'timeo=600'],
  ] as const
  expect(shownArguments('mount', [1n, 2n, 0n, 0x400n, 5n, 0n], texts)).toEqual({
    args: String.raw`"10.0.0.7:/export", "/mnt/a \"b\"", 0x0, 0x400, "timeo=600"`,
    path: '/mnt/a "b"',
  })
  expect(textsIn(JSON.stringify(texts))).toEqual(texts)
})

test.each(['', 'x', '{}', '[]', '[1]', '[[1]]', '[["1", "a"]]', '[[1, 2]]', '[[1.5, "a"]]'])(
  'garbage is no text: %j',
  (text) => {
    expect(textsIn(text)).toBeUndefined()
  },
)
