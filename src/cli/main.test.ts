import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProcess, startProcess, type ProcessResult } from '../base/process.ts'
import { allCommands, commands } from './commands.ts'

const launcher = join(import.meta.dirname, '../../quarry')
let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quarry-cli-'))
})
afterAll(() => rm(directory, { recursive: true }))

const quarry = (...words: string[]): Promise<ProcessResult> => runProcess([launcher, ...words])

describe('the command line', () => {
  test('works through a symbolic link and from another directory', async () => {
    const link = join(directory, 'quarry')
    await symlink(launcher, link)
    const { stdout, exitCode } = await runProcess([link, '--version'], { cwd: '/' })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(exitCode).toBe(0)
  })

  test('lists every command and the exit codes', async () => {
    const { stdout, exitCode } = await quarry('--help')
    expect(exitCode).toBe(0)
    for (const name of Object.keys(commands)) expect(stdout).toContain(`\n  ${name} `)
    expect(stdout).toContain('64  wrong usage or definition')
  })

  test('without a command it prints the help, as an error', async () => {
    expect(await quarry()).toMatchObject({
      exitCode: 64,
      stdout: '',
      stderr: expect.stringContaining('Usage: quarry'),
    })
  })

  test('a misspelt command or option is answered with the nearest name', async () => {
    expect(await quarry('docter')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('Did you mean doctor?'),
    })
    expect(await quarry('doctor', '--instal')).toMatchObject({
      exitCode: 64,
      stdout: '',
      stderr: expect.stringContaining('Did you mean --install?'),
    })
  })

  test('a missing word is answered with where to look', async () => {
    const { stderr, exitCode } = await quarry('validate')
    expect(stderr).toBe(
      "error: missing required argument 'definition'\nType `quarry validate --help` for its arguments and options.\n",
    )
    expect(exitCode).toBe(64)
  })

  test('with --json an error is one object, too', async () => {
    const { stdout, exitCode } = await quarry('doctor', '--instal', '--json')
    expect(exitCode).toBe(64)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'QUARRY_USAGE' } })
  })

  test('every command has a help of its own', async () => {
    for (const [name, { load }] of allCommands()) {
      const { command } = await load()
      const { stdout, exitCode } = await quarry(...name.split(' '), '--help')
      expect(exitCode).toBe(0)
      expect(stdout).toContain(`Usage: quarry ${name} `)
      for (const { summary } of Object.values(command.options)) {
        expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary)
      }
    }
  })

  test('a reader that has gone is no error', async () => {
    await using running = await startProcess([
      'sh',
      '-c',
      `${launcher} schema | head -n 1; ${launcher} --help >&-`,
    ])
    expect(await running.done).toMatchObject({ stdout: '{\n', stderr: '' })
  })
})

describe('validate', () => {
  const check = async (text: string, ...words: string[]): Promise<ProcessResult> => {
    await writeFile(join(directory, 'a.yaml'), text)
    return await runProcess([launcher, 'validate', 'a.yaml', ...words], { cwd: directory })
  }
  const good =
    'seconds: 1\n---\nensemble: {server: {node.count: 1, provisioner: local}}\nworkload:\n  phases:\n    - wait: {module: sleep, properties: {duration: "{{seconds}}s"}}\n'

  test('says nothing of a definition that is right', async () => {
    expect(await check(good, '-p', 'seconds=3')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
    expect(JSON.parse((await check(good, '--json')).stdout)).toEqual({ problems: [] })
  })

  test('names every problem with its place', async () => {
    const bad = good.replace('server: {', 'sever: {').replace('workload', 'wrkload')
    const { stdout, exitCode } = await check(bad)
    expect(exitCode).toBe(64)
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^a\.yaml:\d+:\d+: ./)
    const { problems } = JSON.parse((await check(bad, '--json')).stdout)
    expect(problems.length).toBe(stdout.trimEnd().split('\n').length)
    expect(problems).toContainEqual(expect.objectContaining({ file: 'a.yaml', line: 4, column: 1 }))
  })

  test('a file that is not there, and a parameter without a value, are wrong usage', async () => {
    expect(await quarry('validate', '/no/such.yaml')).toMatchObject({ exitCode: 64, stdout: '' })
    const { stdout, stderr, exitCode } = await check(good, '-p', 'seconds', '--json')
    expect(exitCode).toBe(64)
    expect(stderr).toBe('quarry: -p seconds: expected name=value\ntry: quarry run FILE -p dir=/srv/data\n')
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'QUARRY_USAGE',
        message: '-p seconds: expected name=value',
        remedy: 'quarry run FILE -p dir=/srv/data',
      },
    })
  })
})

describe('doctor', () => {
  test('prints facts of the host, and every component with what it lacks', async () => {
    const { stdout, exitCode } = await quarry('doctor', '--for-tests', '--json')
    expect(exitCode).toBe(0)
    const { host, components } = JSON.parse(stdout)
    expect(host[0]).toMatchObject({ name: 'kernel' })
    expect(components).toContainEqual({ kind: 'module', id: 'sleep', missing: [], forTargets: false })
    for (const { why, remedy } of components.flatMap(({ missing }: { missing: unknown[] }) => missing)) {
      expect(why && remedy).toBeTruthy()
    }
  })
})

describe('schema and docs', () => {
  test('print what is generated', async () => {
    expect(JSON.parse((await quarry('schema')).stdout)).toMatchObject({
      title: 'Quarry definition',
      type: 'object',
    })
    expect((await quarry('docs', 'modules')).stdout).toMatch(/^# Modules\n[^]*\n## sleep\n/)
    expect(await quarry('docs', 'nonsense')).toMatchObject({ exitCode: 64 })
  })
})
