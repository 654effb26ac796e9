import { expect, test } from 'vitest'
import { bpftraceParser, headParts, tailParts } from './bpftrace-output.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

test('garbage, warnings and a line cut short lose only themselves', () => {
  const seen: unknown[] = []
  const note = (sentence: string): void => void seen.push(sentence)
  const parser = bpftraceParser({ add: () => {} }, { note }, () => ({
    map: (name, entries) => void seen.push([name, entries]),
    printf: (text) => void seen.push(text),
  }))
  const output = [
    '{"type": "attached_probes", "data": {"probes": 2}}',
    '',
    'stdin:1:2: WARNING: of the compiler',
    '{"type": "lost_events", "data": {"events": 7}}',
    '{"type": "map", "data": {"@a": {"x,1": 2}}}',
    '{"type": "map", "data": {"@b": "no map"}}',
    '{"type": "map", "data": null}',
    '\u0000\ufffd[[[[',
    '{"type": "printf", "data": "now 5\\n"}',
    '{"type": "map", "data": {"@c": {"y": 1',
  ].join('\n')
  // One byte at a time: chunks end anywhere.
  for (const byte of encode(output)) parser.push(Uint8Array.of(byte))
  expect(parser.end()).toEqual({ lines: 9, rows: 0, bad: 3 })
  expect(seen).toEqual(['bpftrace lost 7 events', ['@a', [['x,1', 2]]], 'now 5\n'])
})

test('bytes above 127 are put together again', () => {
  const keys: string[] = []
  const parser = bpftraceParser({ add: () => {} }, { note: () => {} }, () => ({
    map: (_, entries) => void keys.push(...entries.map(([key]) => key)),
  }))
  parser.push(
    encode(
      String.raw`{"type": "map", "data": {"@": {"caf\uffffffc3\uffffffa9": 1, "\uffffffff\u0001": 1, "a\\uffffffff": 1}}}`,
    ),
  )
  parser.end()
  expect(keys).toEqual(['café', '\ufffd\u0001', String.raw`a\uffffffff`])
})

test('a key is split where its parts cannot hold commas', () => {
  expect(headParts('1,-2,/a,b', 3)).toEqual(['1', '-2', '/a,b'])
  expect(headParts('1', 3)).toBeUndefined()
  expect(tailParts('look,up,7,-2', 3)).toEqual(['look,up', '7', '-2'])
  expect(tailParts('7', 3)).toBeUndefined()
})
