/** The case file of a run, in every form that it has. */
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadCase } from './case-data.ts'
import type { CaseData } from './case-data.ts'
import { junitXml } from './export/junit.ts'
import { speedscopeJson } from './export/speedscope.ts'
import { traceEventsJson } from './export/trace-events.ts'
import { casePage } from './html/page.ts'
import { caseMarkdown } from './markdown.ts'
import { visibleJson } from './text.ts'

/** What a case can be written as, by the word that a user types. */
export const reportFormats = {
  html: { file: 'case.html', summary: 'one page that needs no network', write: casePage },
  markdown: { file: 'case.md', summary: 'for issues and pull requests', write: caseMarkdown },
  json: { file: 'findings.json', summary: 'what `quarry run --json` prints', write: caseJson },
  junit: { file: 'junit.xml', summary: 'for CI servers', write: junitXml },
  speedscope: {
    file: 'profile.speedscope.json',
    summary: 'profiles, sick and healthy, for https://www.speedscope.app',
    write: speedscopeJson,
  },
  trace: {
    file: 'timeline.trace.json',
    summary: 'timeline for https://ui.perfetto.dev and chrome://tracing',
    write: traceEventsJson,
  },
} as const satisfies Record<string, { file: string; summary: string; write: (data: CaseData) => string }>

export type ReportFormat = keyof typeof reportFormats

function caseJson({ result }: CaseData): string {
  return `${visibleJson(result, 2)}\n`
}

/** Writes the case file into its run directory as HTML and Markdown; the other forms are made when asked for. */
export async function writeCaseFiles(directory: string): Promise<void> {
  const data = await loadCase(directory)
  for (const format of ['html', 'markdown'] as const) {
    const { file, write } = reportFormats[format]
    // In one step: whoever reloads the page never sees half of it.
    const part = join(directory, `.${file}.part`)
    await writeFile(part, write(data))
    await rename(part, join(directory, file))
  }
}
