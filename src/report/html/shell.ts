/** A page that needs nothing else, in the look of the case file: no network and no script. */
import type { Verdict } from '../../model/verdict.ts'
import { shortened } from '../text.ts'
import { Html, html, type HtmlValue } from './html.ts'
import { style } from './style.ts'

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
const MOST_NOTES = 20

export interface Shell {
  readonly title: string
  /** None where nothing was judged. */
  readonly verdict: Verdict | undefined
  readonly answer: string
  readonly notes: readonly string[]
  /** Rules of style beside those of all pages. */
  readonly style: string
  /** What else stands above the first section. */
  readonly head?: HtmlValue
  readonly body: HtmlValue
}

/** The whole page. */
export function shell({ title, verdict, answer, notes, style: own, head, body }: Shell): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${shortened(title, 200)}</title>
        <style>
          ${new Html(style + own)}
        </style>
      </head>
      <body>
        <main>
          <header>
            ${verdict !== undefined && html`<p class="verdict ${verdict}">${verdict}</p>`}
            <h1>${shortened(title, 300)}</h1>
            <p class="answer">${shortened(answer, 2000)}</p>
            ${notes.slice(0, MOST_NOTES).map((note) => html`<p class="warning">${shortened(note, 400)}</p>`)}${head}
          </header>
          ${body}
        </main>
      </body>
    </html> `.text
}
