/** Nodes with networks of their own, and faults of the network: what is cut is cut, what is slow is slow, and nothing is left. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEvidence } from '../../src/evidence/query.ts'
import { markedProcesses } from '../../src/node/effects.ts'
import { linkOf } from '../../src/node/netns/link.ts'
import { jsonOf, workplace, type Workplace } from '../harness/quarry.ts'

let place: Workplace
beforeEach(() => {
  place = workplace()
})
afterEach(async () => {
  // A test that failed may have left a run.
  await place.quarry('sweep')
  place[Symbol.dispose]()
})

type Step = Readonly<Record<string, unknown>>

const PATIENCE_MS = 60_000
const datagrams = `${process.execPath} ${resolve(import.meta.dirname, '../fixtures/bin/datagrams.ts')}`

const bash = (script: string, more: object = {}): object => ({
  module: 'bash',
  properties: { target: 'client', script, ...more },
})
const ask = (label: string, host = 'server-0', options = `5 ${PATIENCE_MS}`): Step => ({
  [`ask-${label}`]: bash(`${datagrams} ask ${host} ${label} ${options}`),
})
/** For what does not answer: how long is enough to be sure of. */
const BRIEFLY = '5 1000'

/** A fault, and what is done while it is there. */
const under = (label: string, module: string, properties: object, ...steps: readonly Step[]): Step => ({
  [label]: { module, properties: { ...properties, lifetime: 'phase' } },
  meanwhile: [
    {
      [`await-${label}`]: bash(
        `until grep -Eqs '^(cut off|slow)' "$QUARRY_RUN_DIRECTORY/logs/${label}.log"; do sleep 0.05; done`,
      ),
    },
    ...steps,
  ],
})

/** A client and two servers that echo, as a definition; JSON is YAML. */
const definition = (steps: readonly Step[], more: object = {}): string =>
  JSON.stringify({
    ensemble: {
      client: { 'node.count': 1, provisioner: 'netns' },
      server: { 'node.count': 2, provisioner: 'netns' },
    },
    workload: {
      phases: [
        {
          serve: bash(`exec ${datagrams} serve "$QUARRY_ARTIFACTS/received"`, {
            target: 'server',
            lifetime: 'phase',
          }),
          steps,
        },
      ],
    },
    ...more,
  })

/** Runs it to its end; it has to pass. */
async function passed(text: string): Promise<string> {
  const { result, exitCode, stderr } = await place.run(place.write('netns.yaml', text))
  expect([exitCode, result.verdict], stderr).toEqual([0, 'pass'])
  expectNothingLeft(result.run)
  return result.directory
}

interface Answers {
  readonly count: number
  readonly fastest: number
  readonly slowest: number
}

/** What the client said of a question: how many were answered, and how fast, in ms. */
function answers(directory: string, label: string): Answers {
  const text = readFileSync(join(directory, 'nodes', 'client', '0', `ask-${label}.log`), 'utf8')
  const [, count, fastest, slowest] = /answers (\d+), fastest (\S+), slowest (\S+)/.exec(text) ?? []
  return { count: Number(count), fastest: Number(fastest), slowest: Number(slowest) }
}

const received = (directory: string): string[] => [
  ...new Set(
    readFileSync(join(directory, 'nodes', 'server', '0', 'received'), 'utf8')
      .trimEnd()
      .split('\n'),
  ),
]

function expectNothingLeft(run: string): void {
  expect(existsSync(`/sys/class/net/${linkOf(run)}`)).toBe(false)
  expect(markedProcesses(run)).toEqual([])
  expect(readdirSync('/tmp').filter((name) => name.includes(run))).toEqual([])
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(run)
}

test('nodes reach each other by name, and Quarry reaches them', async () => {
  const probes = {
    answers: { tcp: { address: '$QUARRY_NODE_ADDRESS:9901' }, group: 'server', every: '100ms' },
  }
  const listen = `require("net").createServer((s) => s.end()).listen(9901)`
  const steps = [
    ask('first'),
    ask('second', 'server-1'),
    {
      listen: bash(`exec ${process.execPath} -e '${listen}'`, { target: 'server', lifetime: 'phase' }),
      connect: bash('until (exec 3<>/dev/tcp/server-1/9901) 2>&1; do sleep 0.1; done; sleep 1'),
    },
  ]
  const directory = await passed(definition(steps, { observe: { samplers: ['network'], probes } }))
  expect([answers(directory, 'first').count, answers(directory, 'second').count]).toEqual([5, 5])
  await using evidence = await openEvidence(directory)
  const [row] = await evidence.rows<{ yes: boolean }>(
    'SELECT count(*) > 0 AS yes FROM probes WHERE probe = $1 AND success'.replace('$1', "'answers'"),
  )
  expect(row?.yes).toBe(true)
  const nodes = await evidence.rows<{ node: string }>(
    `SELECT DISTINCT node FROM samples WHERE metric = 'node_network_receive_bytes_total' ORDER BY node`,
  )
  expect(nodes.map(({ node }) => node)).toEqual(['client/0', 'server/0', 'server/1'])
})

test('probes of a group are tried from its network: a partition fails them, and its end heals them', async () => {
  const within = { group: 'client', every: '200ms', timeout: '1s' }
  const probes = {
    web: { http: { url: 'http://server-0:9901/', expect: '^here$' }, ...within },
    port: { tcp: 'server-0:9901', ...within },
    own: { tcp: '127.0.0.1:9902', ...within },
    outside: { tcp: '$QUARRY_SERVER_NODE0_ADDRESS:9901', every: '200ms', timeout: '60s' },
  }
  const symptom = (probe: string, success: number): object => ({
    when: `probe_success{probe="${probe}"} == ${success}`,
    // eslint-disable-next-line unicorn/no-thenable -- it is a key of the definition
    then: ['continue'],
    expected: true,
  })
  const symptoms = Object.fromEntries(
    Object.keys(probes).flatMap((probe) => [
      [`${probe}-up`, symptom(probe, 1)],
      [`${probe}-down`, symptom(probe, 0)],
    ]),
  )
  const shows = `shows() { [[ "$(tac "$QUARRY_RUN_DIRECTORY/events.jsonl" | grep -m1 "\\"name\\":\\"$1\\"")" == *'"showing"'* ]]; }`
  const until = (label: string, condition: string): Step => ({
    [label]: bash(`${shows}; until ${condition}; do sleep 0.1; done`),
  })
  const serve = (body: string, port: number): string =>
    `exec ${process.execPath} -e 'require("http").createServer((q, r) => r.end("${body}")).listen(${port})'`
  const up = 'shows web-up && shows port-up && ! shows web-down && ! shows port-down'
  const directory = await passed(
    definition(
      [
        {
          web: bash(serve('here', 9901), { target: 'server', lifetime: 'phase' }),
          own: bash(serve('own', 9902), { lifetime: 'phase' }),
          story: [
            until('before', `${up} && shows own-up && shows outside-up && ! shows outside-down`),
            under(
              'cut',
              'partition',
              { isolate: 'client' },
              until('during', 'shows web-down && shows port-down'),
            ),
            until('after', up),
          ],
        },
      ],
      { observe: { every: '200ms', samplers: ['network'], probes }, symptoms },
    ),
  )
  const [record] = place.records()
  const subject = record?.probes.find(({ name }) => name === 'outside')?.subject
  expect(subject).toMatchObject({ address: expect.stringMatching(/^198\.1[89]\.\d+\.\d+:9901$/) })
  expect(record?.probes.map((one) => [one.name, one.from, one.subject])).toEqual([
    ['web', 'client/0', subject],
    ['port', 'client/0', subject],
    ['own', 'client/0', { type: 'socket', protocol: 'tcp', address: '127.0.0.1:9902' }],
    ['outside', 'controller', subject],
  ])
  // Quarry's own way to a node is not cut, and neither is a node's way to itself.
  const failedBetween = `SELECT DISTINCT probe FROM probes JOIN
    (SELECT probe, min(ts) AS first, max(ts) AS last FROM probes WHERE success GROUP BY probe) USING (probe)
    WHERE NOT success AND ts BETWEEN first AND last ORDER BY probe`
  await using evidence = await openEvidence(directory)
  expect(await evidence.rows(failedBetween)).toEqual([{ probe: 'port' }, { probe: 'web' }])
  const errors = await evidence.rows<{ error: string }>(
    `SELECT DISTINCT error FROM probes WHERE probe IN ('web', 'port') AND error LIKE 'no connection%'`,
  )
  expect(errors).toEqual([{ error: 'no connection within 1s' }])
})

test('a partition cuts both directions or one, and heals at its end', async () => {
  const cut = (direction: string): Step =>
    under(direction, 'partition', { isolate: 'server:0', direction }, ask(direction, 'server-0', BRIEFLY))
  const directory = await passed(
    definition([
      ask('before'),
      cut('both'),
      ask('between'),
      cut('out'),
      ask('again'),
      cut('in'),
      ask('healed'),
      { brief: { module: 'partition', properties: { isolate: ['server:0'], duration: '10ms' } } },
      ask('after'),
      under(
        'elsewhere',
        'partition',
        { isolate: 'server:0', from: 'server:1' },
        ask('elsewhere-0'),
        ask('elsewhere-1', 'server-1'),
      ),
      under('port', 'partition', { isolate: 'client', ports: [9901] }, ask('another-port')),
      under(
        'its-port',
        'partition',
        { isolate: 'client', ports: [9900] },
        ask('its-port', 'server-0', BRIEFLY),
      ),
    ]),
  )
  const counts = (...labels: readonly string[]): number[] =>
    labels.map((label) => answers(directory, label).count)
  expect(counts('both', 'out', 'in', 'its-port')).toEqual([0, 0, 0, 0])
  expect(counts('before', 'between', 'again', 'healed', 'after')).toEqual([5, 5, 5, 5, 5])
  expect(counts('elsewhere-0', 'elsewhere-1', 'another-port')).toEqual([5, 5, 5])
  // What it receives goes on arriving when only what it sends is cut.
  const arrived = received(directory)
  expect(arrived).toContain('out')
  expect(arrived).not.toContain('both')
  expect(arrived).not.toContain('in')
  const history = readFileSync(join(directory, 'history.jsonl'), 'utf8')
  expect(history).toContain(
    '"value":{"isolated":["server/0"],"from":["client/0","server/1"],"direction":"out"',
  )
})

test('a slow link delays each direction, loses, doubles, and is as fast as before at its end', async () => {
  const slow = (label: string, properties: object, ...steps: readonly Step[]): Step =>
    under(label, 'slow-link', properties, ...steps)
  const directory = await passed(
    definition([
      ask('before'),
      slow('late', { nodes: 'server:0', delay: '150ms', jitter: '10ms' }, ask('late')),
      slow('one-way', { nodes: 'server', direction: 'out', delay: '150ms' }, ask('one-way')),
      slow('lossy', { nodes: 'client', loss: 30 }, ask('lossy', 'server-0', '200 3000 once')),
      slow('twice', { nodes: 'client', duplicate: 100 }, ask('twice')),
      slow('narrow', { nodes: 'client', rate: '8kbit' }, ask('narrow', 'server-0', `20 ${PATIENCE_MS} once`)),
      slow(
        'lost',
        { nodes: 'client', towards: 'server:0', loss: 100 },
        ask('lost', 'server-0', BRIEFLY),
        ask('not-lost', 'server-1'),
      ),
      ask('after'),
    ]),
  )
  expect(answers(directory, 'late').fastest).toBeGreaterThan(2 * (150 - 10))
  expect(answers(directory, 'one-way').fastest).toBeGreaterThan(150)
  const lossy = answers(directory, 'lossy')
  expect(lossy.count).toBeGreaterThan(0)
  expect(lossy.count).toBeLessThan(200)
  // Each of 20 datagrams is a frame of 50 bytes or more, one after another.
  expect(answers(directory, 'narrow').slowest).toBeGreaterThan((20 * 50 * 8) / 8)
  const counts = ['before', 'lost', 'not-lost', 'after'].map((label) => answers(directory, label).count)
  expect(counts).toEqual([5, 0, 5, 5])
  const said = emulated(directory)
  expect(said['lossy']?.['lost']).toBeGreaterThan(0)
  expect(said['twice']?.['duplicated']).toBeGreaterThanOrEqual(10)
  expect(said['lost']?.['forwarded']).toBe(0)
})

/** What each slow link did with packets, by the name of its module. */
const emulated = (directory: string): Readonly<Record<string, Readonly<Record<string, number>>>> =>
  Object.fromEntries(
    readFileSync(join(directory, 'history.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ module, kind }) => module === 'slow-link' && kind === 'ok')
      .map(({ process, value }) => [process, value]),
  )

test('a slow link whose emulator dies is no link that stays cut', async () => {
  const text = definition([
    under(
      'slow',
      'slow-link',
      { nodes: 'client', delay: '1ms' },
      { kill: bash('pkill -KILL -f "/quarry-$QUARRY_RUN-network-[0-9a-f]+/slow"') },
      ask('then'),
    ),
  ])
  const { result } = await place.run(place.write('dies.yaml', text))
  expect(readFileSync(join(result.directory, 'history.jsonl'), 'utf8')).toContain(
    '"kind":"error","value":"the emulator of the slow link ended by itself"',
  )
  expect(answers(result.directory, 'then').count).toBe(5)
  expectNothingLeft(result.run)
})

test('a fault without a network to make it in is refused, and so is one that is nothing', async () => {
  const local = JSON.stringify({
    ensemble: { server: { 'node.count': 2, provisioner: 'local' } },
    workload: { phases: [{ cut: { module: 'partition', properties: { isolate: 'server:0' } } }] },
  })
  const { result } = await place.run(place.write('local.yaml', local))
  expect(readFileSync(join(result.directory, 'history.jsonl'), 'utf8')).toContain(
    'node server/0 shares the network of its host, which no fault is made on',
  )
  const problems = await place.quarry(
    'validate',
    place.write(
      'wrong.yaml',
      definition([
        { cut: { module: 'partition', properties: { isolate: 'server:2', from: 'clients' } } },
        { slow: { module: 'slow-link', properties: { nodes: 'server' } } },
      ]),
    ),
    '--json',
  )
  expect(
    jsonOf<{ problems: { message: string }[] }>(problems).problems.map(({ message }) => message),
  ).toEqual([
    expect.stringContaining('there is no node `server:2`'),
    expect.stringContaining('clients'),
    expect.stringContaining('says nothing of how slow'),
  ])
})

test('what a probe tries in a node is found there, and looked at in its network', async () => {
  const text = definition([{ wait: { module: 'sleep', properties: { duration: '100s' } } }, ask('never')], {
    observe: {
      every: '200ms',
      samplers: ['cpu'],
      probes: {
        echo: {
          udp: { address: '127.0.0.1:9900', send: 'probe' },
          group: 'server',
          every: '200ms',
        },
      },
    },
    // eslint-disable-next-line unicorn/no-thenable -- it is a key of the definition
    symptoms: { works: { when: 'probe_success{probe="echo"} == 1', then: ['capture', 'stop'] } },
    evidence: { reference: 'none', window: '2s', ladder: ['threads', 'sockets', 'tcpdump'] },
  })
  const { result } = await place.run(place.write('look.yaml', text))
  const [record] = place.records()
  const [capture] = record?.captures ?? []
  expect(capture?.targets).toMatchObject([
    {
      why: 'serves what probe echo tries',
      commandLine: expect.stringContaining('serve'),
      node: 'localhost',
      network: 'server/0',
    },
  ])
  await using evidence = await openEvidence(result.directory)
  const found = await evidence.rows<{ node: string; pid: number }>(
    `SELECT DISTINCT node, pid FROM sockets WHERE local LIKE '%:9900' AND pid IS NOT NULL ORDER BY node`,
  )
  expect(found.map(({ node }) => node)).toEqual(['server/0', 'server/1'])
  expect(found[0]?.pid).toBe(capture?.targets[0]?.pid)
  // What is about the kernel that they share has the name of the host.
  const ofHost = `SELECT DISTINCT node FROM threads UNION SELECT node FROM samples WHERE metric = 'node_cpu_seconds_total'`
  expect(await evidence.rows(ofHost)).toEqual([{ node: 'localhost' }])
  const packets = await evidence.rows<{ node: string }>(
    `SELECT DISTINCT node FROM packets WHERE node = 'server/0'`,
  )
  expect(packets).toHaveLength(1)
  expectNothingLeft(result.run)
})

test('two runs at the same time have networks of their own', async () => {
  const file = place.write(
    'both.yaml',
    definition([ask('one'), { address: bash('echo "$QUARRY_NODE_ADDRESS"; sleep 1') }, ask('two')]),
  )
  const runs = await Promise.all([place.run(file), place.run(file), place.run(file)])
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
  const addresses = runs.map(({ result: { directory } }) =>
    readFileSync(join(directory, 'nodes', 'client', '0', 'address.log'), 'utf8'),
  )
  expect(new Set(addresses).size).toBe(3)
  for (const { result } of runs) {
    expect([answers(result.directory, 'one').count, answers(result.directory, 'two').count]).toEqual([5, 5])
    expectNothingLeft(result.run)
  }
})

const faulty = definition([
  ask('ready'),
  under(
    'cut',
    'partition',
    { isolate: 'server:1' },
    under(
      'slow',
      'slow-link',
      { nodes: 'server:0', delay: '10ms' },
      {
        wait: bash('setsid sleep 4713 & sleep 4713', { target: 'server' }),
      },
    ),
  ),
])

test.for([
  ['as soon as its nodes are set up', /state setting-up/],
  ['while it runs', /module ask-ready began/],
  ['under a partition', /module await-cut ended/],
  ['while a slow link is made', /module slow began/],
  ['under a slow link', /module wait began/],
] as const)('killed %s: a sweep leaves nothing', async ([, pattern]) => {
  const started = place.start('run', place.write('faulty.yaml', faulty), '--plain')
  await started.saw(pattern)
  started.kill('SIGKILL')
  await started.done
  const [record] = place.records()
  const swept = jsonOf<{ runs: { run: string; status: string; sentences: string[] }[] }>(
    await place.quarry('sweep', '--json'),
  )
  const failures = swept.runs.flatMap(({ sentences }) => sentences.filter((one) => one.startsWith('could')))
  expect(failures).toEqual([])
  expect(swept.runs).toMatchObject([{ run: record?.id, status: 'swept' }])
  expectNothingLeft(record?.id ?? '')
})

test.for([50, 120, 190, 260, 330, 400])(
  'killed %i ms after its first line: a sweep leaves nothing',
  async (afterMs) => {
    const started = place.start('run', place.write('faulty.yaml', faulty), '--plain')
    await started.saw(/state setting-up/)
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    started.kill('SIGKILL')
    await started.done
    await place.quarry('sweep')
    for (const { id } of place.records()) expectNothingLeft(id)
  },
)

test('an abort under a fault heals it, and leaves nothing', async () => {
  const started = place.start('run', place.write('faulty.yaml', faulty), '--plain')
  await started.saw(/module wait began/)
  started.kill('SIGINT')
  await started.done
  const [record] = place.records()
  expect(record?.errors.map(({ message }) => message)).toEqual(['aborted by the user'])
  expectNothingLeft(record?.id ?? '')
  expect((await place.quarry('sweep')).stdout).toContain('nothing to sweep')
})
