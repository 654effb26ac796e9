import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readPids } from './ssh-pids.ts'
import { PID_LINE } from './ssh-scripts.ts'

test('the line with the pids is taken, what a shell said before it is dropped, the rest is left', async () => {
  const stream = new PassThrough()
  stream.write('welcome\n@quarry-pid 12 x\n@quarry-')
  const pids = readPids(stream, PID_LINE)
  stream.write('pid 12 34\nfirst\nsecond')
  expect(await pids).toEqual([12, 34])
  stream.end('\n@quarry-pid 5 6\n')
  expect(await text(stream)).toBe('first\nsecond\n@quarry-pid 5 6\n')
})

test('output that is there only after it was asked for is not lost', async () => {
  const stream = new PassThrough()
  const pids = readPids(stream, PID_LINE)
  for (const character of '@quarry-pid 1 2\n') {
    stream.write(character)
    await new Promise(setImmediate)
  }
  expect(await pids).toEqual([1, 2])
})

test('a stream that ends, breaks or goes on without the line has none', async () => {
  const [ended, broken, endless] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const all = [ended, broken, endless].map((stream) => readPids(stream, PID_LINE))
  ended.end('no such line\n@quarry-pid 1 2')
  broken.destroy(new Error('broken'))
  endless.write('x'.repeat(1 << 17))
  expect(await Promise.all(all)).toEqual([undefined, undefined, undefined])
})
