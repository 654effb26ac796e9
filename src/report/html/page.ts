/** The case file as one page that needs nothing else: no network, and no script for reading. */
import type { CaseData } from '../case-data.ts'
import { shortened } from '../text.ts'
import { bandsOf } from '../time-span.ts'
import { conditionCharts } from './condition-charts.ts'
import { facts } from './facts.ts'
import { findings } from './findings.ts'
import { head } from './head.ts'
import { Html, html } from './html.ts'
import { checks, costs, ladders, notLookedAt } from './ladder.ts'
import { profiles } from './profiles.ts'
import { contentSecurityPolicy, scriptElement } from './script.ts'
import { style } from './style.ts'
import { timeline } from './timeline.ts'

/** The whole page. */
export function casePage(data: CaseData): string {
  const { record, result, span, onset } = data
  const common = { began: span.from, bands: bandsOf(record, span) }
  const whole = { ...common, ...span }
  const around = { ...common, ...onset }
  const title = `${result.verdict}: ${shortened(record.description ?? record.definition, 200)}`
  const sections: [title: string, content: Html | null][] = [
    ['Timeline', html`${timeline(data, whole)}${conditionCharts(data, around)}`],
    ['Findings', findings(data, whole, around)],
    ['Flame graphs', profiles(data)],
    ['The ladder', ladders(data)],
    ['Not looked at', notLookedAt(data)],
    ['What observing cost', costs(data)],
    ['Judged by', checks(data)],
    ['Facts', facts(data)],
  ]
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy}" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <main>
          ${head(data)}
          ${sections.map(
            ([name, content]) =>
              content &&
              html`<section>
                <h2>${name}</h2>
                ${content}
              </section> `,
          )}
        </main>
        ${scriptElement}
      </body>
    </html> `
  return page.text
}
