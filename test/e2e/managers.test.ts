/** Systems that scripts put on nodes: started, found ready, restarted, stopped; their files kept; and what goes wrong. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunRecord } from '../../src/model/run.ts'
import { workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(async () => {
  await place.quarry('sweep', '--kept')
  place[Symbol.dispose]()
})

const PORT = 28441

/** A definition with a `command` manager, whose properties are lines. */
const definitionOf = (
  properties: string,
  phases = '[{a: {module: noop}}]',
  provisioner = 'local',
): string => `
ensemble:
  server:
    node.count: 1
    provisioner: ${provisioner}
    configuration_manager:
      name: command
      properties:
${properties
  .trim()
  .split('\n')
  .map((line) => `        ${line}`)
  .join('\n')}
  client: server
workload:
  phases: ${phases}
  checkers: {clean: {checker: nofail}}
`

const web = `
service: web
port: ${PORT}
install: mkdir -p site/deep && echo hello > site/index.html && echo kept > site/deep/note
serve: exec python3 -u -m http.server ${PORT} --directory site
uninstall: rm -r site
collect: ["site/**/note", "no-such-file"]
`

const record = (): RunRecord => {
  const last = place.records().at(-1)
  if (last === undefined) throw new Error('there is no run')
  return last
}
const file = (...parts: string[]): string => join(place.runs, record().id, ...parts)
const said = (name: string): string => readFileSync(file('logs', `${name}.log`), 'utf8')

describe('the manager `command`', () => {
  test.each(['local', 'netns'])(
    'serves on %s while the workload runs; logs and files are kept',
    async (provisioner) => {
      const phases =
        '[{use: {module: bash, properties: {script: \'curl -sf "http://$FALLOUT_SERVER_NODE0_WEB_ADDRESS:$FALLOUT_SERVER_NODE0_WEB_PORT/"\'}}}]'
      const { result } = await place.run(place.write('d.yaml', definitionOf(web, phases, provisioner)))
      expect(record().errors).toEqual([])
      expect(result.verdict).toBe('pass')
      expect(said('use')).toBe('hello\n')
      expect(readFileSync(file('nodes/server/0/web.log'), 'utf8')).toContain('"GET / HTTP/1.1" 200')
      expect(readFileSync(file('nodes/server/0/site/deep/note'), 'utf8')).toBe('kept\n')
      expect(existsSync(file('nodes/server/0/site/index.html'))).toBe(false)
    },
  )

  test('a service that is killed is started again, if it should be', async () => {
    const phases = `
    - kill: {module: bash, properties: {script: 'kill -9 $(cat "$QUARRY_SCRATCH/.web.pid")'}}
    - again:
        module: bash
        properties: {script: 'until curl -sf http://127.0.0.1:${PORT}/ >/dev/null; do sleep 0.2; done', timeout: 60s}`
    const { result } = await place.run(place.write('d.yaml', definitionOf(`${web}restart: true`, phases)))
    expect(result.verdict).toBe('pass')
    expect(said('server-0-command')).toMatch(/web ended by itself, with SIGKILL\n.*web is started again/)
  })

  test.each([
    [
      'a service that ends at once',
      'serve: echo no such luck >&2; exit 7\nport: 28442',
      /service on server\/0 ended with status 7 before it was ready:\n.*no such luck/,
    ],
    [
      'one that is never ready',
      'serve: sleep 1000\nready: echo still waiting; false\ntimeout: 1s',
      /service on server\/0 is not ready after 1s:\nstill waiting/,
    ],
    [
      'an installation that fails',
      'install: echo broken; exit 3',
      /install of service on server\/0 ended with status 3:\nbroken/,
    ],
    [
      'a script that takes too long',
      'configure: sleep 1000\ntimeout: 300ms',
      /configure of service on server\/0 took longer than its timeout/,
    ],
  ])('%s', async (_, properties, message) => {
    const { exitCode } = await place.run(place.write('d.yaml', definitionOf(properties)))
    expect(exitCode).toBe(2)
    expect(record().failedDuring).toBe('setting-up')
    expect(record().errors[0]?.message).toMatch(message)
    expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
  })

  test('a service that is kept goes on, and a later run stops it', async () => {
    const named = (reuse: boolean): string =>
      definitionOf(web, '[{use: {module: bash, properties: {script: "curl -sf http://127.0.0.1:28441/"}}}]')
        .replace('provisioner: local', 'provisioner: {name: local, properties: {name: web-cluster}}')
        .replace('node.count: 1', `node.count: 1\n    mark_for_reuse: ${reuse}`)
    expect((await place.run(place.write('keep.yaml', named(true)))).result.verdict).toBe('pass')
    expect((await fetch(`http://127.0.0.1:${PORT}/`)).status).toBe(200)
    expect((await place.run(place.write('end.yaml', named(false)))).result.verdict).toBe('pass')
    expect(said('use')).toBe('hello\n')
    await expect(fetch(`http://127.0.0.1:${PORT}/`)).rejects.toThrow()
  })

  test('kill -9 while it serves, and the sweep leaves nothing', async () => {
    const started = place.start(
      'run',
      place.write('d.yaml', definitionOf(web, '[{a: {module: sleep, properties: {duration: 1h}}}]')),
    )
    await started.saw(/module a began/)
    process.kill(started.pid, 'SIGKILL')
    await started.done
    expect((await fetch(`http://127.0.0.1:${PORT}/`)).status).toBe(200)
    expect((await place.quarry('sweep')).exitCode).toBe(0)
    await expect(fetch(`http://127.0.0.1:${PORT}/`)).rejects.toThrow()
  })
})
