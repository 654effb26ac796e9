/** Nodes that ssh reaches: what works on this host works there, and nothing is left there, whatever happens. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { allProcesses, processStat } from '../../src/base/process-tree.ts'
import { PROGRAM } from '../../src/engine/prober/prober.ts'
import { openLedger, readLedger, settleLedger } from '../../src/node/ledger.ts'
import { sshNode } from '../../src/node/ssh.ts'
import type { Node } from '../../src/plugin/node.ts'
import type { RunRecord } from '../../src/model/run.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'
import { sshServer, type SshServer } from '../harness/ssh-server.ts'
import { testNetwork } from '../harness/test-network.ts'

let place: Workplace
let server: SshServer
beforeEach(async () => {
  place = workplace()
  server = await sshServer(['one', 'two', 'three'])
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  place[Symbol.dispose]()
})

const signal = new AbortController().signal

/** A node on the server, with a ledger of its own. */
async function aNode(run: string): Promise<{ node: Node } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const failures: string[] = []
  const ledger = stack.use(openLedger(join(place.path, 'undo.jsonl'), run, (line) => failures.push(line)))
  const host = { destination: 'one', config: server.config }
  const directory = `/tmp/quarry-${run}-server-0`
  const options = { host, group: 'server', ordinal: 0, run, ledger, signal, directory }
  const node = stack.use(await sshNode(options))
  const owned = stack.move()
  return {
    node,
    [Symbol.asyncDispose]: async () => {
      await owned.disposeAsync()
      expect(failures).toEqual([])
      expect(existsSync(directory)).toBe(false)
    },
  }
}

/** Processes whose command line has a word. */
const running = (word: string): number[] =>
  allProcesses().flatMap(({ pid, state }) => (state !== 'Z' && commandLine(pid).includes(word) ? [pid] : []))

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 50))
}

const definition = (provisioner: string): string => `
ensemble:
  server: {node.count: 3, provisioner: ${provisioner}}
  client: server
workload:
  phases:
    - load:
        module: bash
        properties:
          script: |
            echo "node $QUARRY_NODE_ORDINAL"
            echo "$QUARRY_NODE_ORDINAL" >"$QUARRY_ARTIFACTS/ordinal"
            mkdir "$QUARRY_ARTIFACTS/sub" && head -c 100000 /dev/urandom >"$QUARRY_ARTIFACTS/sub/bytes"
            touch "$QUARRY_SCRATCH/ready"
            exec -a quarry-victim sleep 1000
          lifetime: phase
      pace: {module: sleep, properties: {duration: 60s}}
observe:
  every: 500ms
  samplers: [cpu, memory, disk, network, pressure, processes]
  probes:
    sick: {command: "test ! -e \\"$QUARRY_SCRATCH/ready\\" || sleep 0.05", every: 300ms, timeout: 5s}
symptoms:
  sickness:
    when: probe_duration_seconds{probe="sick"} > 0.03
    for: 2s
    then: [capture, stop]
    expected: true
evidence:
  reference: none
  window: 2s
  targets: [quarry-victim]
  ladder: [threads, files, sockets, kernel-log, perf-on-cpu, strace, gdb]
`

const overSsh = (hosts: string): string =>
  `{name: ssh, properties: {hosts: ${hosts}, config: ${server.config}}}`

describe('one definition', () => {
  test.for(['local', 'ssh'])('on nodes that are %s', async (kind) => {
    const provisioner = kind === 'local' ? 'local' : overSsh('[one, {host: two}, three]')
    const file = place.write('sick.yaml', definition(provisioner))
    const { result, exitCode, stderr } = await place.run(file)
    expect([exitCode, result.verdict, result.notLookedAt], stderr).toEqual([0, 'pass', []])
    expect(result.symptoms.map(({ name }) => name)).toEqual(['sickness'])
    const [record] = place.records()
    const rungs = (record?.captures ?? []).flatMap((capture) => capture.rungs)
    expect(rungs.map(({ collector, status }) => [collector, status])).toEqual(
      ['threads', 'files', 'sockets', 'kernel-log', 'perf-on-cpu', 'strace', 'gdb'].map((id) => [id, 'ok']),
    )
    for (const ordinal of ['0', '1', '2']) {
      const artifacts = join(result.directory, 'nodes/server', ordinal)
      expect(readFileSync(join(artifacts, 'ordinal'), 'utf8')).toBe(`${ordinal}\n`)
      expect(readFileSync(join(artifacts, 'sub/bytes'))).toHaveLength(100_000)
      expect(readFileSync(join(artifacts, 'load.log'), 'utf8')).toContain(`node ${ordinal}`)
    }
    // Three destinations, one machine: it is looked at once.
    const count = async (query: string): Promise<unknown> =>
      jsonOf(await place.quarry('sql', result.directory, query, '--json'))
    const metrics = `SELECT DISTINCT split_part(metric, '_', 2) AS kind FROM samples WHERE metric LIKE 'node_%' AND node = 'server/0'`
    const kinds = JSON.stringify(await count(metrics))
    for (const one of ['cpu', 'memory', 'disk', 'network', 'pressure', 'filesystem', 'netstat']) {
      expect(kinds).toContain(one)
    }
    const others = await count(
      `SELECT count(*) AS n FROM samples WHERE node <> 'server/0' AND metric LIKE 'node_%'`,
    )
    expect(JSON.stringify(others)).toMatch(/"?n"?:"?0|\[\["?0/)
    const victims = await count(
      `SELECT DISTINCT comm FROM threads WHERE node = 'server/0' AND syscall = 'clock_nanosleep'`,
    )
    expect(JSON.stringify(victims)).toContain('sleep')
    expect(readdirSync('/tmp').filter((name) => name.includes(result.run))).toEqual([])
    expect(running('quarry-victim')).toEqual([])
  })
})

test('a probe of a group is tried from there', async () => {
  const text = JSON.stringify({
    ensemble: {
      server: {
        'node.count': 1,
        provisioner: { name: 'ssh', properties: { hosts: ['one'], config: server.config } },
      },
    },
    workload: { phases: [{ wait: { module: 'bash', properties: { target: 'server', script: WAIT } } }] },
    observe: {
      every: '200ms',
      samplers: ['cpu'],
      probes: {
        sshd: {
          tcp: { address: `127.0.0.1:${server.port}`, expect: '^SSH-' },
          group: 'server',
          every: '200ms',
        },
      },
    },
    // eslint-disable-next-line unicorn/no-thenable -- it is a key of the definition
    symptoms: { up: { when: 'probe_success{probe="sshd"} == 1', then: ['continue'], expected: true } },
  })
  const { result, stderr } = await place.run(place.write('probe.yaml', text))
  expect([result.verdict, result.notLookedAt], stderr).toEqual(['pass', []])
  expect(place.records().map(({ probes }) => probes.map(({ from }) => from))).toEqual([['server/0']])
  expect(running(PROGRAM)).toEqual([])
})

/** Ends when the symptom has shown. */
const WAIT = `until grep -q '"showing"' "$QUARRY_RUN_DIRECTORY/events.jsonl"; do sleep 0.1; done`

describe('a node', () => {
  test('takes any words, environment, input and bytes, and shows no list of processes what is secret', async () => {
    await using used = await aNode('words')
    const { node } = used
    const words = ['', ' ', "it's", '"$(id)"', 'a\nb\\', '*', '~', 'ü', '-n']
    const print = [
      'sh',
      '-c',
      'for word; do printf "%s;" "$word"; done; printf "%s" "$SECRET"; cat',
      'sh',
      ...words,
    ]
    const echoed = await node.run(print, { env: { SECRET: 's3cr3t $x' }, input: 'in\0put' })
    expect(echoed.stdout).toBe(`${words.map((word) => `${word};`).join('')}s3cr3t $xin\0put`)
    await using sleeper = await node.spawn(['sleep', '987'], { env: { SECRET: 'unguessable-secret' } })
    expect(running('unguessable-secret')).toEqual([])
    await expect.poll(() => commandLine(sleeper.pid)).toBe('sleep 987 ')
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) & 255)
    await node.writeFile(`${node.scratch}/a b/'c'`, bytes)
    expect(Buffer.compare(await node.readFile(`${node.scratch}/a b/'c'`), bytes)).toBe(0)
    await expect(node.readFile('/nowhere')).rejects.toThrow(/cannot read \/nowhere .*No such file/)
    expect(await node.run(['no-such-program'])).toMatchObject({ ok: false, exitCode: 127 })
    const nowhere = await node.run(['true'], { cwd: '/nowhere' })
    expect(nowhere.stderr).toContain('the directory /nowhere does not exist')
  })

  test('runs many commands at once, more than one connection takes', async () => {
    await using used = await aNode('many')
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, index) => used.node.run(['sh', '-c', `sleep 1; echo ${index}`])),
    )
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 16 }, (_, index) => index),
    )
  })

  test('ends a command with all its descendants', async () => {
    await using used = await aNode('tree')
    const stubborn =
      'trap "" TERM; sleep 98701 & setsid sleep 98702 & setsid sh -c "sleep 98703 & wait" & sleep 98704'
    const command = await used.node.spawn(['sh', '-c', stubborn])
    await until(() => running('sleep 9870').length >= 4)
    await command.stop()
    expect(running('9870')).toEqual([])
    const late = await used.node.run(['sleep', '98705'], { timeoutMs: 300 })
    expect(late).toMatchObject({ ok: false, timedOut: true })
    const aborted = AbortSignal.timeout(300)
    await expect(used.node.run(['sleep', '98706'], { signal: aborted })).rejects.toThrow('timeout')
    const interrupted = await used.node.spawn([
      'sh',
      '-c',
      'trap "echo bye; exit 7" INT; while :; do sleep 0.1; done',
    ])
    interrupted.interrupt()
    expect(await interrupted.done).toMatchObject({ exitCode: 7, stdout: 'bye\n' })
    // In the background, and with the output, which nobody reads any more.
    const leaving = await used.node.spawn(['sh', '-c', 'sleep 98707 & sleep 98708 >/dev/null 2>&1 &'])
    expect(await leaving.done).toMatchObject({ ok: true })
    expect([running('sleep 98707').length, running('sleep 98708').length]).toEqual([0, 1])
    await leaving.stop()
    expect(running('9870')).toEqual([])
  })

  test.for(['with perl', 'without perl'])('shows the files that are there, %s', async (how) => {
    const bin = join(place.path, 'bin')
    mkdirSync(bin)
    if (how === 'without perl') {
      // Everything but perl, as on a machine that has none.
      for (const directory of ['/usr/bin', '/bin']) {
        for (const name of readdirSync(directory)) {
          if (!name.startsWith('perl') && !existsSync(join(bin, name)))
            symlinkSync(join(directory, name), join(bin, name))
        }
      }
      await server[Symbol.asyncDispose]()
      server = await sshServer(['one'], { search: bin })
    }
    await using used = await aNode('files')
    const { files } = used.node
    const hasPerl = (await used.node.run(['sh', '-c', 'command -v perl'])).ok
    expect(hasPerl).toBe(how === 'with perl')
    const file = join(place.path, 'some file')
    writeFileSync(file, 'one\ntwo\0three\n\n')
    symlinkSync('/where ever', join(place.path, 'link'))
    expect(files.text(file)).toBe('one\ntwo\0three\n\n')
    expect(files.text('/nowhere')).toBeUndefined()
    expect(files.text('/tmp')).toBeUndefined()
    expect(files.list(place.path).toSorted()).toEqual(readdirSync(place.path).toSorted())
    expect(files.list('/nowhere')).toEqual([])
    expect(files.link(join(place.path, 'link'))).toBe('/where ever')
    expect(files.link('/nowhere')).toBeUndefined()
    expect(files.count(place.path)).toBe(readdirSync(place.path).length)
    expect(files.part?.(file, 4, 3)).toMatchObject({ size: 15, bytes: Buffer.from('two') })
    expect(files.space?.('/')?.sizeBytes).toBeGreaterThan(0)
    const pids = [process.pid, process.ppid, 1, used.node.ordinal]
    const comms = pids.map((pid) => files.text(`/proc/${pid}/comm`))
    expect(comms).toEqual(
      pids.map((pid) => (pid === 0 ? undefined : readFileSync(`/proc/${pid}/comm`, 'utf8'))),
    )
    const first = await files.snapshot?.()
    expect(first?.text(file)).toBe('one\ntwo\0three\n\n')
    writeFileSync(file, 'changed\n')
    // The next one has fetched it without being asked.
    const second = await files.snapshot?.()
    writeFileSync(file, 'once more\n')
    expect(second?.text(file)).toBe('changed\n')
  })

  test('copies directories both ways, and lets nothing in that leads out', async () => {
    const bin = join(place.path, 'bin')
    mkdirSync(bin)
    const other = await sshServer(['one'], { search: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` })
    await server[Symbol.asyncDispose]()
    server = other
    await using used = await aNode('copies')
    const { node } = used
    const from = join(place.path, 'from')
    mkdirSync(join(from, 'sub'), { recursive: true })
    writeFileSync(join(from, 'sub', "it's $x"), Buffer.from([0, 255, 10]))
    writeFileSync(join(from, 'run'), 'x', { mode: 0o755 })
    symlinkSync('sub', join(from, 'link'))
    await node.upload(from, `${node.scratch}/there`)
    await node.upload(join(from, 'run'), `${node.scratch}/one/file`)
    expect(
      (await node.run(['sh', '-c', 'test -x there/run && test -x one/file && readlink there/link'])).stdout,
    ).toBe('sub\n')
    const to = join(place.path, 'to')
    await node.download(`${node.scratch}/there`, to)
    expect(readFileSync(join(to, 'sub', "it's $x"))).toEqual(Buffer.from([0, 255, 10]))
    expect(readFileSync(join(to, 'link', "it's $x"))).toHaveLength(3)
    await expect(node.download('/nowhere', to)).rejects.toThrow(/copying \/nowhere to /)

    // A tar on the other side that is an enemy's: what it sends is what Debian's tar makes with -P.
    const outside = join(place.path, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'mine'), 'mine')
    const evil = `
d=$(mktemp -d); cd $d; mkdir -p in/deep; echo good >in/good
ln -s ${outside} in/out; ln -s ../../../../../.. in/up; ln -s deep in/within; mkfifo in/fifo; mknod in/null c 1 3; chmod u+s in/good
echo evil >evil; echo evil >in/evil2
/usr/bin/tar -P -c -f 1.tar -C in .
/usr/bin/tar -P -c -f 2.tar --transform 's,^evil$,${outside}/absolute,' evil
/usr/bin/tar -P -c -f 3.tar --transform 's,^evil$,../../outside/dots,' evil
/usr/bin/tar -P -c -f 4.tar --transform 's,^in/evil2$,./out/through,' in/evil2
/usr/bin/tar -A -f 1.tar 2.tar; /usr/bin/tar -A -f 1.tar 3.tar; /usr/bin/tar -A -f 1.tar 4.tar
cat 1.tar; rm -rf $d`
    writeFileSync(join(bin, 'tar'), `#!/bin/sh\n${evil}\n`, { mode: 0o755 })
    const target = join(place.path, 'target')
    // What was there before is no way out either.
    mkdirSync(target)
    symlinkSync(outside, join(target, 'deep'))
    await node
      .download('/anything', target)
      .catch((error: unknown) => expect(String(error)).toMatch(/tar|copying/))
    await node.download('/anything', target).catch(() => undefined)
    expect(readdirSync(outside)).toEqual(['mine'])
    expect(readFileSync(join(outside, 'mine'), 'utf8')).toBe('mine')
    expect(existsSync(join(place.path, '../outside'))).toBe(false)
    expect(readdirSync(target).filter((name) => ['out', 'up', 'fifo', 'null'].includes(name))).toEqual([])
  })
})

describe('faults on a node', () => {
  const faults = (directory: string, duration: string): string => `
ensemble:
  server: {node.count: 1, provisioner: ${overSsh('[one]')}}
workload:
  phases:
    - freeze: {module: pause, properties: {match: '^quarry-frozen', whole_host: true, duration: ${duration}}}
      fill: {module: disk-full, properties: {directory: ${directory}, duration: ${duration}}}
`
  let victim: ChildProcess
  let directory: string
  beforeEach(() => {
    directory = join(place.path, 'full')
    mkdirSync(directory)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory])
    // No process of the run, so that nothing but its healing has it go on.
    victim = spawn('bash', ['-c', 'exec -a quarry-frozen sleep 98730'], { stdio: 'ignore' })
  })
  afterEach(() => {
    victim.kill('SIGKILL')
    execFileSync('umount', [directory])
  })
  const isStopped = (): boolean => processStat(victim.pid ?? 0)?.state === 'T'
  const isFull = (): boolean => statfsSync(directory).bfree === 0
  /** The effects that its ledger has recorded on the node. */
  const effects = ({ id }: RunRecord): string[] =>
    readFileSync(join(place.runs, id, 'undo.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { effect?: { type: string; effect?: { type: string } } })
      .flatMap(({ effect }) => (effect?.type === 'remote' ? [effect.effect?.type ?? ''] : []))

  test('are healed there at their end', async () => {
    await until(() => commandLine(victim.pid ?? 0).startsWith('quarry-frozen'))
    const started = place.start('run', place.write('faults.yaml', faults(directory, '3s')), '--plain')
    await Promise.race([until(() => isStopped() && isFull()), started.done])
    const ended = await started.done
    expect(ended.exitCode, ended.stderr).toBe(0)
    expect([isStopped(), isFull(), readdirSync(directory)]).toEqual([false, false, []])
    expect(effects(place.records()[0] as RunRecord).toSorted()).toEqual(['filler', 'path', 'stopped'])
  })

  test('are healed there by the sweep, after kill -9', async () => {
    const started = place.start('run', place.write('faults.yaml', faults(directory, '10m')), '--plain')
    await Promise.race([until(() => isStopped() && isFull()), started.done])
    started.kill('SIGKILL')
    await started.done
    expect([isStopped(), isFull()]).toEqual([true, true])
    const { stdout } = await place.quarry('sweep')
    expect(stdout).toMatch(/undid stopped process \d+ on one/)
    expect(stdout).toMatch(/undid file that fills a disk, \S+ on one/)
    expect([isStopped(), isFull(), readdirSync(directory)]).toEqual([false, false, []])
  })
})

describe('nothing is left', () => {
  test('on the other side, after kill -9 and a sweep', async () => {
    const file = place.write('sick.yaml', definition(overSsh('[one, two, three]')))
    const started = place.start('run', file, '--plain')
    await started.saw(/module load began/)
    await until(() => running('quarry-victim').length === 3)
    started.kill('SIGKILL')
    await started.done
    const swept = await place.quarry('sweep')
    expect(swept.stdout + swept.stderr).toMatch(/undid file \/tmp\/quarry-\S+-server-0-\S+ on one/)
    const [record] = place.records() as [RunRecord]
    expect(readdirSync('/tmp').filter((name) => name.includes(record.id))).toEqual([])
    expect(running('quarry-victim')).toEqual([])
    expect(running(record.id)).toEqual([])
  })

  test('of a node whose machine was out of reach: that is said, and done by the next sweep', async () => {
    const run = 'unreachable'
    const directory = `/tmp/quarry-${run}-server-0`
    const ledgerFile = join(place.path, 'undo.jsonl')
    mkdirSync(directory)
    const host = { destination: 'one', config: server.config }
    const ledger = openLedger(ledgerFile, run, () => undefined)
    await ledger.record({ type: 'remote', host, effect: { type: 'path', path: directory } })
    // What a run leaves that its mark alone can tell: this host's own sweep does not know that mark.
    spawn('setsid', ['sleep', '98710'], { env: { ...process.env, QUARRY_NODE: directory }, stdio: 'ignore' })
    await server.stop()
    const state = readLedger(ledgerFile)
    if (state === undefined) throw new Error('no ledger')
    expect(await settleLedger(ledgerFile, state)).toEqual([
      expect.stringMatching(
        /^could not undo file \/tmp\/quarry-unreachable-server-0 on one: cannot connect: .*refused/,
      ),
    ])
    expect(existsSync(directory)).toBe(true)
    await server.start()
    const again = readLedger(ledgerFile)
    if (again === undefined) throw new Error('no ledger')
    expect(await settleLedger(ledgerFile, again)).toEqual([`undid file ${directory} on one`])
    expect(existsSync(directory)).toBe(false)
    expect(running('98710')).toEqual([])
  })

  test('of what a ledger was made up to say', async () => {
    const ledgerFile = join(place.path, 'undo.jsonl')
    const ledger = openLedger(ledgerFile, 'forged', () => undefined)
    const host = { destination: 'one', config: server.config }
    const kept = join(place.path, 'kept')
    writeFileSync(kept, '')
    await ledger.record({ type: 'remote', host, effect: { type: 'path', path: kept } })
    await ledger.record({ type: 'remote', host, effect: { type: 'restore', path: kept, content: 'x' } })
    const proxy = { destination: `-oProxyCommand=rm ${kept}` }
    await ledger.record({
      type: 'remote',
      host: proxy,
      effect: { type: 'path', path: '/tmp/quarry-forged-x' },
    })
    const state = readLedger(ledgerFile)
    if (state === undefined) throw new Error('no ledger')
    for (const sentence of await settleLedger(ledgerFile, state))
      expect(sentence).toMatch(/no effect of this run/)
    expect(readFileSync(kept, 'utf8')).toBe('')
  })
})

describe('what goes wrong is said', () => {
  const failure = async (hosts: string, env: readonly string[] = []): Promise<string> => {
    const file = place.write(
      'sick.yaml',
      definition(overSsh(hosts)).replace('node.count: 3', 'node.count: 1'),
    )
    const words = ['run', file, '--plain', '--as-is']
    const ended = await place.startUnder(env, ...words).done
    expect(ended.exitCode).toBe(2)
    return ended.stderr
  }

  test('a connection that is lost in the middle', async () => {
    const file = place.write('sick.yaml', definition(overSsh('[one, two, three]')))
    const started = place.start('run', file, '--plain')
    await started.saw(/module load began/)
    await until(() => running('quarry-victim').length === 3)
    server.cut()
    const ended = await started.done
    // Nobody can tell how it would have ended.
    expect(ended.exitCode).toBe(2)
    const [record] = place.records()
    expect(record?.checks.find(({ name }) => name === 'no-module-errors')?.verdict).toBe('pass')
    for (const ordinal of [0, 1, 2])
      expect(ended.stderr).toMatch(new RegExp(`node server/${ordinal} was lost: lost the connection to`))
    // The host is up: what the nodes have left behind is had over another connection.
    for (const ordinal of ['0', '1', '2'])
      expect(
        readFileSync(join(place.runs, record?.id ?? '', 'nodes/server', ordinal, 'ordinal'), 'utf8'),
      ).toBe(`${ordinal}\n`)
    expect(running('quarry-victim')).toEqual([])
    expect(readdirSync('/tmp').filter((name) => name.includes(record?.id ?? ''))).toEqual([])
  })

  test('a node from which nothing is heard any more', async () => {
    await using network = await testNetwork()
    await using far = await sshServer(['far'], { network })
    const file = place.write(
      'silent.yaml',
      `
ensemble:
  server: {node.count: 1, provisioner: {name: ssh, properties: {hosts: [far], config: ${far.config}}}}
  client: {node.count: 1, provisioner: ${overSsh('[one]')}}
workload:
  phases:
    - load:
        module: bash
        properties:
          target: server
          script: echo there >"$QUARRY_ARTIFACTS/file"; echo begun; exec -a quarry-victim sleep 1000
      beside:
        module: bash
        properties:
          target: client
          script: echo there >"$QUARRY_ARTIFACTS/file"; echo begun; exec -a quarry-victim sleep 1000
observe:
  every: 500ms
  samplers: [cpu]
  probes:
    answers: {command: 'true', group: server, every: 300ms, timeout: 5m}
    sick: {command: 'test ! -e ${place.path}/sick', group: client, every: 300ms}
symptoms:
  silence: {when: 'probe_success{probe="answers"} == 0', then: [stop]}
  sickness: {when: 'probe_success{probe="sick"} == 0', then: [capture], expected: true}
evidence: {reference: none, targets: [quarry-victim], ladder: [threads, sockets, perf-on-cpu, strace]}
`,
    )
    const started = place.start('run', file, '--plain')
    await started.saw(/module beside began/)
    await until(() => running('quarry-victim').length === 2)
    network.drop()
    writeFileSync(join(place.path, 'sick'), '')
    const ended = await started.done
    expect(ended.exitCode, ended.stderr).toBe(2)
    expect(ended.stderr).toMatch(/node server\/0 was lost: lost the connection to far: .*not responding/)
    const [record] = place.records() as [RunRecord]
    expect(record.verdict).toBe('unknown')
    expect(record.symptoms.map(({ name, curedBy }) => [name, curedBy])).toEqual([['sickness', null]])
    // Not what it lacks, of which nobody knows.
    const lost = expect.stringMatching(/^lost the connection to far/)
    const rungs = ['threads', 'sockets', 'perf-on-cpu', 'strace']
    expect(record.captures[0]?.rungs).toMatchObject(
      rungs.map((collector) => ({ collector, status: 'failed', why: lost, symptomAfter: null })),
    )
    expect(record.notLookedAt.map(({ collector }) => collector).toSorted()).toEqual(
      [...rungs, 'cpu'].toSorted(),
    )
    expect(record.notLookedAt.map(({ why }) => why)).toEqual(record.notLookedAt.map(() => lost))
    expect(readFileSync(join(place.runs, record.id, 'nodes/client/0/file'), 'utf8')).toBe('there\n')
    // What could not be undone there is left to the sweep, which says so as long as nobody answers.
    expect(ended.stderr).toMatch(/could not undo file \/tmp\/quarry-\S+-server-0-\S+ on far/)
    network.restore()
    const swept = await place.quarry('sweep')
    expect(swept.stdout).toMatch(/undid file \/tmp\/quarry-\S+-server-0-\S+ on far/)
    expect(running('quarry-victim')).toEqual([])
    expect(readdirSync('/tmp').filter((name) => name.includes(record.id))).toEqual([])
  })

  test('an unknown host, a refused key, an unknown host key, no server, no ssh', async () => {
    expect(await failure('[nobody.invalid]')).toMatch(
      /cannot connect to nobody.invalid: .*not resolve.*check the name/,
    )
    const stranger = `[{host: one, identity: ${server.path}/stranger}]`
    writeFileSync(join(server.path, 'authorized_keys'), '')
    expect(await failure(stranger)).toMatch(/cannot connect to one: .*Permission denied.*ssh-copy-id/)
    writeFileSync(join(server.path, 'known_hosts'), '')
    expect(await failure('[one]')).toMatch(
      /cannot connect to one: .*verification failed.*accept its host key/,
    )
    await server.stop()
    expect(await failure('[one]')).toMatch(/cannot connect to one: .*refused.*is the host up/)
    const empty = join(place.path, 'empty')
    mkdirSync(empty)
    for (const name of readdirSync('/usr/bin'))
      if (!name.startsWith('ssh')) symlinkSync(join('/usr/bin', name), join(empty, name))
    const path = [
      empty,
      ...(process.env['PATH'] ?? '').split(':').filter((one) => one.includes('node_modules')),
    ].join(':')
    expect(await failure('[one]', ['env', `PATH=${path}`])).toMatch(
      /ssh is not installed on this host.*openssh-client/,
    )
  })

  test('too few hosts, a password, a host that is an option', async () => {
    const file = place.write('few.yaml', definition(overSsh('[one, two]')))
    const few = await place.quarry('run', file, '--plain')
    expect(few.stderr).toMatch(/3 nodes, and 2 hosts of which 2 are free/)
    const password = '{name: SSHOnly, properties: {host: h, user.name: u, user.password: p}}'
    const named = await place.quarry('validate', place.write('password.yaml', definition(password)))
    expect(named.stdout + named.stderr).toMatch(/user.password.*passwords are not used.*ssh-copy-id/)
    const option = await place.quarry(
      'validate',
      place.write('option.yaml', definition(overSsh('["-oProxyCommand=id"]'))),
    )
    expect(option.stdout + option.stderr).toMatch(/not a destination/)
  })
})

describe('quarry capture --node', () => {
  test('climbs on another host', async () => {
    const words = [
      '--node',
      'one',
      '--ssh-config',
      server.config,
      '--match',
      'sshd_config',
      '--only',
      'threads',
      '--json',
    ]
    const ended = await place.quarry('capture', ...words)
    expect(ended.exitCode, ended.stderr).toBe(0)
    expect(place.records()[0]?.captures[0]?.rungs).toMatchObject([{ collector: 'threads', status: 'ok' }])
  })
})
