import { expect, test } from 'vitest'
import { escape } from './html/html.ts'
import { prose } from './html/prose.ts'
import { cell, code, fenced, inline } from './markdown-text.ts'
import { shortened, visible, visibleLine } from './text.ts'

test('what garbles a line or hides text becomes visible', () => {
  expect(visible('a\u0000b\u001B[31mc\u0085\u202Egnp.exe\u2066\uFEFF\uFFFE\uD800\t\r\n')).toBe(
    'a\uFFFDb\uFFFD[31mc\uFFFD\uFFFDgnp.exe\uFFFD\uFFFD\uFFFD\uFFFD\t\n',
  )
  expect(visible('größer 東京 🦊 👩‍👩‍👧 שלום')).toBe('größer 東京 🦊 👩‍👩‍👧 שלום')
  expect(visibleLine('  two\r\nlines\t here ')).toBe('two lines here')
})

test('long texts are cut between characters, and say so', () => {
  expect(shortened('short', 10)).toBe('short')
  expect(shortened('🦊🦊🦊🦊', 3)).toBe('🦊… (6 characters more)')
  expect(shortened('x'.repeat(1_000_010), 10)).toBe('xxxxxxxxxx… (1,000,000 characters more)')
})

test('markup is text in HTML and XML', () => {
  expect(escape(`<b a="1" c='2'>&\u0001`)).toBe('&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\uFFFD')
})

test('prose shows code, and lets long words break after their separators', () => {
  expect(prose('type `quarry <x>` now').text).toBe('type <code>quarry &lt;x&gt;</code> now')
  expect(prose('an `open tick').text).toBe('an `open tick')
  expect(prose('/tmp/run/nodes/server/0/inbox/orders').text).toBe(
    '/tmp/<wbr>run/<wbr>nodes/<wbr>server/<wbr>0/<wbr>inbox/<wbr>orders',
  )
})

test('Markdown that a target prints has no meaning', () => {
  expect(inline('# *bold* [a](http://x) <img> @team #12 www.x.y a_b _c_ `ls` ~~')).toMatchInlineSnapshot(
    `"\\# \\*bold\\* \\[a\\](http\\://x) \\<img\\> @<!-- -->team #<!-- -->12 www\\.x.y a_b \\_c\\_ \`ls\` \\~\\~"`,
  )
  expect(inline('- item')).toBe(String.raw`\- item`)
  expect(inline('1. item')).toBe(String.raw`1\. item`)
  expect(inline('an ` open tick')).toBe("an ' open tick")
  expect(cell('a|b `c|d`\nnext')).toBe('a\\|b `c¦d` next')
  expect(code('a`b')).toBe("`a'b`")
  expect(fenced('sql', 'select 1\n````\n')).toEqual(['`````sql', 'select 1', '````', '', '`````'])
})
