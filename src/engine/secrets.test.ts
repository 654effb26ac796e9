import { expect, test } from 'vitest'
import { createSecrets, takeSecrets } from './secrets.ts'

const secrets = createSecrets({
  token: 's3cr"et/value',
  longer: 's3cr"et/value-2',
  key: 'line one\nline two',
  short: 'ab',
})

async function streamed(pieces: readonly Uint8Array[]): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const piece of secrets.maskStream(
    (async function* () {
      yield* pieces
    })(),
  )) {
    parts.push(piece)
  }
  return Buffer.concat(parts).toString('latin1')
}

test('a secret is masked as it is, in JSON, in a URL and line by line; the longest first', () => {
  expect(secrets.mask('a s3cr"et/value-2 b s3cr"et/value c')).toBe('a <redacted> b <redacted> c')
  expect(secrets.mask(JSON.stringify({ a: 's3cr"et/value' }))).toBe('{"a":"<redacted>"}')
  expect(secrets.mask(`http://x/?q=${encodeURIComponent('s3cr"et/value')}`)).toBe('http://x/?q=<redacted>')
  expect(secrets.mask('line two')).toBe('<redacted>')
  expect(secrets.mask('cab')).toBe('cab')
})

test('in a stream it is found wherever the pieces are cut, and other bytes come through as they are', async () => {
  const text = Buffer.concat([Buffer.from('\xff\x00 s3cr"et/value end s3cr"e', 'latin1')])
  for (let cut = 0; cut <= text.length; cut += 1) {
    expect(await streamed([text.subarray(0, cut), text.subarray(cut)])).toBe('\xff\x00 <redacted> end s3cr"e')
  }
  const bytes = [...text].map((byte) => Uint8Array.of(byte))
  expect(await streamed(bytes)).toBe('\xff\x00 <redacted> end s3cr"e')
})

test('secrets of the environment are taken out of it, and found by name', () => {
  const environment = { QUARRY_SECRET_MY_TOKEN: 'from the environment', HOME: '/' }
  const taken = createSecrets(takeSecrets(environment))
  expect(environment).toEqual({ HOME: '/' })
  expect(taken.get('my-token')).toBe('from the environment')
  expect(() => taken.get('other')).toThrow('there is no secret called other')
})
