import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { writeCaseRun, type CaseRunOptions } from '../../test/harness/case-run.ts'
import { loadCase, type CaseData } from './case-data.ts'
import { reportFormats, writeCaseFiles } from './write.ts'

const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true })
})

async function caseRun(options: CaseRunOptions = {}): Promise<string> {
  const directory = await writeCaseRun(options)
  directories.push(directory)
  return directory
}

const caseOf = async (options: CaseRunOptions = {}): Promise<CaseData> =>
  await loadCase(await caseRun(options))

test('a run is written as HTML and Markdown', async () => {
  const directory = await caseRun()
  await writeCaseFiles(directory)
  const page = await readFile(join(directory, 'case.html'), 'utf8')
  const headings = [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text)
  expect(headings).toMatchInlineSnapshot(`
    [
      "Timeline",
      "Findings",
      "Flame graphs",
      "The ladder",
      "Not looked at",
      "What observing cost",
      "Judged by",
      "Facts",
    ]
  `)
  expect(page.match(/class="flames"/g)).toHaveLength(2)
  expect(page).toContain('limit 100ms')
  expect(await readFile(join(directory, 'case.md'), 'utf8')).toMatchInlineSnapshot(`
    "# FAIL: Does worker answer?

    Symptom slow showed after 10s. worker spins; gdb cured it.

    **Next:** stop or mend worker and run the same definition again; the symptom must stay away for longer than it ever took to show.

    Run \`run-1\` of \`examples/web.yaml\` on host, 30s, by Quarry 0.1.0.

    ## Findings

    1. worker is part of finding 1. (difference, process, 99.0 % sure)

       <details><summary>query and rows</summary>

       \`\`\`sql
       SELECT comm, sum(weight) AS weight FROM stacks GROUP BY comm
       \`\`\`

       | comm | weight |
       |---|---|
       | worker | 20 |

       </details>

    2. worker is part of finding 2. (trend, process, 99.0 % sure)

       <details><summary>query and rows</summary>

       \`\`\`sql
       SELECT ts, value FROM samples WHERE metric = 'memory_bytes' ORDER BY ts
       \`\`\`

       | ts | value |
       |---|---|
       | 1700000000000000000 | 1048576 |
       | 1700000001000000000 | 2097152 |
       | 1700000002000000000 | 3145728 |
       | 1700000003000000000 | 4194304 |
       | 1700000004000000000 | 5242880 |
       | 1700000005000000000 | 6291456 |
       | 1700000006000000000 | 7340032 |
       | 1700000007000000000 | 8388608 |
       | 1700000008000000000 | 9437184 |
       | 1700000009000000000 | 10485760 |

       </details>

    3. worker is part of finding 3. (attribution, process, 99.0 % sure)

       <details><summary>query and rows</summary>

       \`\`\`sql
       SELECT success::VARCHAR AS label, count(*) AS value FROM probes GROUP BY ALL ORDER BY ALL
       \`\`\`

       | label | value |
       |---|---|
       | false | 40 |
       | true | 20 |

       </details>

    <details><summary>1 less sure</summary>

    - worker is part of finding 4.

    </details>

    ## Ladder reference-1

    | collector | tier | result | rows | symptom after it |
    |---|---|---|---|---|
    | sockets | read | ok | 12 |  |
    | perf | sample | ok | 12 |  |

    ## Ladder sick-1

    | collector | tier | result | rows | symptom after it |
    |---|---|---|---|---|
    | sockets | read | ok | 12 | still there |
    | strace | stop | failed | 12 | still there |
    | gdb | stop | ok | 12 | GONE |

    ## Not looked at

    | collector | node | why | what to do |
    |---|---|---|---|
    | strace | server/0 | worker | apt-get install -y strace |

    ## What observing cost

    300ms of CPU time in 30s; the dearest collectors: gdb 90ms, sockets 4ms, perf 2ms.

    ## Judged by

    - no-symptom: **fail**, symptom slow showed
    - nofail: **pass**, no operation failed
    "
  `)
})

test('JUnit', async () => {
  expect(reportFormats.junit.write(await caseOf())).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="quarry" tests="2" failures="1" errors="0" skipped="0" time="30.000">
      <testsuite name="examples/web.yaml" tests="2" failures="1" errors="0" skipped="0" time="30.000" timestamp="2023-11-14T22:13:20" hostname="host">
        <properties>
          <property name="run" value="run-1"/>
          <property name="directory" value="/runs/run-1"/>
        </properties>
        <testcase name="no-symptom" classname="no-symptom" time="0">
          <failure type="no-symptom" message="symptom slow showed">Symptom slow showed after 10s. worker spins; gdb cured it.</failure>
        </testcase>
        <testcase name="nofail" classname="nofail" time="0"/>
      </testsuite>
    </testsuites>
    "
  `)
})

test('JUnit of a run that no checker judged says what it came to', async () => {
  const data = await caseOf()
  const text = reportFormats.junit.write({ ...data, record: { ...data.record, checks: [] } })
  expect(text).toContain('<testcase name="run" classname="quarry"')
  expect(text).toContain('tests="1" failures="1"')
})

test('speedscope has a profile for each side', async () => {
  const file = JSON.parse(reportFormats.speedscope.write(await caseOf({ stacks: 2 }))) as unknown
  expect(file).toMatchInlineSnapshot(`
    {
      "$schema": "https://www.speedscope.app/file-format-schema.json",
      "activeProfileIndex": 0,
      "exporter": "quarry@0.1.0",
      "name": "run-1",
      "profiles": [
        {
          "endValue": 3,
          "name": "sick, on-cpu",
          "samples": [
            [
              0,
              1,
              2,
              3,
              4,
            ],
            [
              0,
              1,
              2,
              5,
              4,
            ],
          ],
          "startValue": 0,
          "type": "sampled",
          "unit": "none",
          "weights": [
            2,
            1,
          ],
        },
        {
          "endValue": 3,
          "name": "healthy, on-cpu",
          "samples": [
            [
              0,
              1,
              2,
              3,
              6,
            ],
            [
              0,
              1,
              2,
              5,
              6,
            ],
          ],
          "startValue": 0,
          "type": "sampled",
          "unit": "none",
          "weights": [
            2,
            1,
          ],
        },
      ],
      "shared": {
        "frames": [
          {
            "name": "worker",
          },
          {
            "name": "main",
          },
          {
            "name": "do_syscall_64",
          },
          {
            "name": "worker-1",
          },
          {
            "name": "spin",
          },
          {
            "name": "worker-0",
          },
          {
            "name": "read",
          },
        ],
      },
    }
  `)
})

test('slices of one track of a trace never overlap', async () => {
  const data = await caseOf()
  const [first] = data.record.captures
  const twice = first === undefined ? [] : [{ ...first, rungs: [...first.rungs, ...first.rungs] }]
  const text = reportFormats.trace.write({ ...data, record: { ...data.record, captures: twice } })
  const { traceEvents } = JSON.parse(text) as {
    traceEvents: { ph: string; tid: number; ts: number; dur: number; name: string }[]
  }
  const slices = traceEvents.filter(({ ph }) => ph === 'X')
  for (const track of Map.groupBy(slices, ({ tid }) => tid).values()) {
    const ordered = track.toSorted((a, b) => a.ts - b.ts)
    for (const [index, { ts, dur }] of ordered.entries()) {
      expect(ts + dur).toBeLessThanOrEqual((ordered[index + 1]?.ts ?? Infinity) + 1e-3)
    }
  }
  expect(traceEvents.filter(({ ph }) => ph === 'C').length).toBeGreaterThan(10)
})

test('what a target prints is inert in every format', async () => {
  const name = `</script><img src=x onerror=alert(1)>"'&|*]]>\u001B[2J\u0000\u202E\uD800\nx`
  const data = await caseOf({ name })
  for (const [format, { write }] of Object.entries(reportFormats)) {
    const text = write(data)
    // Data formats carry it as data; JSON has its own escapes.
    expect(text, format).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u202E]|\p{Surrogate}/u)
    if (format === 'html' || format === 'junit') expect(text, format).not.toContain('<img')
    if (format === 'markdown') expect(text.replaceAll(/(?<!\\)`[^`\n]*`/g, '')).not.toMatch(/(?<!\\)<img/)
  }
})

test('a query that cannot be run is said, and spoils nothing else', async () => {
  const directory = await caseRun()
  const file = join(directory, 'findings.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replaceAll('FROM stacks', 'FROM nowhere -- '))
  const page = reportFormats.html.write(await loadCase(directory))
  expect(page).toContain('Its query could not be run')
  expect(page).toContain('memory_bytes')
})

test('a giant run gives a page of a few MB', async () => {
  const data = await caseOf({ attempts: 100_000, stacks: 20_000, findings: 500, name: 'x'.repeat(200) })
  expect(reportFormats.html.write(data).length).toBeLessThan(6_000_000)
  expect(reportFormats.markdown.write(data).length).toBeLessThan(65_536)
})

test('a directory without findings says what to do', async () => {
  const directory = await caseRun()
  await rm(join(directory, 'findings.json'))
  await expect(loadCase(directory)).rejects.toMatchObject({ remedy: `quarry diagnose ${directory}` })
})
