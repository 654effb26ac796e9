/** Tries an SNMP agent: a GET that must be answered. */
import { lookup } from 'node:dns/promises'
import { z } from 'zod'
import { defineProbe } from '../../../plugin/define.ts'
import type { ProbeResult } from '../../../plugin/probe.ts'
import { address, addressOf, type HostAndPort } from '../address.ts'
import { Attempt } from '../attempt.ts'
import { type Answer, type Credentials, openSession } from './session.ts'

const PORT = 161
const oid = z.string().regex(/^\.?\d+(\.\d+)+$/, { error: 'is not an object id, such as 1.3.6.1.2.1.1.3.0' })
const metricName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'is not a name for a metric' })

const properties = z.strictObject({
  address: address(PORT).describe('host or host:port of the agent'),
  oids: z
    .record(metricName, oid)
    .default({ sysUpTime: '1.3.6.1.2.1.1.3.0' })
    .describe('object ids to get, by name; numbers become the metric `probe_snmp_<name>`'),
  version: z.enum(['1', '2c', '3']).default('2c').describe('version of the protocol'),
  community: z.string().default('public').describe('community, for versions 1 and 2c'),
  user: z.string().default('').describe('user, for version 3'),
  authProtocol: z
    .enum(['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'])
    .default('sha')
    .describe('hash that goes with `authKey`'),
  authKey: z.string().min(8).optional().describe('passphrase for authentication, for version 3'),
  privProtocol: z
    .enum(['des', 'aes', 'aes256b', 'aes256r'])
    .default('aes')
    .describe('cipher that goes with `privKey`'),
  privKey: z.string().min(8).optional().describe('passphrase for encryption, on top of `authKey`'),
})

export default defineProbe({
  id: 'snmp',
  summary: 'SNMP GET, versions 1, 2c and 3',
  needs: [],
  module: import.meta.url,
  properties,
  target: (options) => options.address,
  subject: (options) => {
    const { host, port } = addressOf(options.address, PORT)
    return { type: 'socket', protocol: 'udp', address: `${host.includes(':') ? `[${host}]` : host}:${port}` }
  },
  open: async ({ timeoutMs }, { address: written, oids, ...credentials }) => {
    const question = { to: addressOf(written, PORT), oids, credentials, timeoutMs }
    return { attempt: (signal) => trySnmp(question, signal) }
  },
})

interface Question {
  readonly to: HostAndPort
  readonly oids: Readonly<Record<string, string>>
  readonly credentials: Credentials
  readonly timeoutMs: number
}

async function trySnmp(question: Question, signal: AbortSignal): Promise<ProbeResult> {
  using attempt = new Attempt(signal, question.timeoutMs)
  return await new Promise((resolve) => {
    const fail = (error: unknown): void => resolve(attempt.failure(error))
    attempt.signal.addEventListener('abort', fail, { once: true })
    if (attempt.signal.aborted) fail(undefined)
    ask(question, attempt).then((answers) => resolve(judge(answers, question, attempt)), fail)
  })
}

async function ask(
  { to, oids, credentials, timeoutMs }: Question,
  attempt: Attempt,
): Promise<readonly Answer[]> {
  const agent = await lookup(to.host)
  attempt.signal.throwIfAborted()
  using session = await openSession({ ...agent, port: to.port, credentials, timeoutMs })
  attempt.signal.throwIfAborted()
  // Closing is what ends a question that nobody answers.
  attempt.signal.addEventListener('abort', () => session[Symbol.dispose](), { once: true })
  attempt.stage = 'receive'
  return await session.get(Object.values(oids).map((written) => written.replace(/^\./, '')))
}

function judge(answers: readonly Answer[], { oids }: Question, attempt: Attempt): ProbeResult {
  attempt.stage = 'done'
  const values: Record<string, number> = {}
  const problems: string[] = []
  for (const [index, name] of Object.keys(oids).entries()) {
    const answer = answers[index]
    if (answer === undefined) problems.push(`${name}: not answered`)
    else if ('problem' in answer) problems.push(`${name}: ${answer.problem}`)
    else if (typeof answer.value === 'number') values[`snmp_${name}`] = answer.value
  }
  return problems.length === 0 ? attempt.success(values) : attempt.refused(problems.join('; '), values)
}
