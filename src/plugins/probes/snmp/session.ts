/** A session with an SNMP agent, in promises; net-snmp is loaded when the first one is opened. */
import type { NetSnmp, Session, SessionOptions, VariableBinding } from 'net-snmp'

export interface Credentials {
  readonly version: '1' | '2c' | '3'
  readonly community: string
  readonly user: string
  readonly authProtocol: string
  readonly authKey?: string | undefined
  readonly privProtocol: string
  readonly privKey?: string | undefined
}

export interface Agent {
  /** An address, not a name. */
  readonly address: string
  readonly family: number
  readonly port: number
  readonly credentials: Credentials
  /** Time for one answer, by the caller's clock; nothing is asked twice. */
  readonly timeoutMs: number
}

/** What the agent has for an object id: a number, a text, or why it has nothing. */
export type Answer = { readonly value: number | string } | { readonly problem: string }

export interface SnmpSession extends Disposable {
  /** One answer for each object id; rejects when none comes, or one that is not understood. */
  get(oids: readonly string[]): Promise<readonly Answer[]>
}

/** Opens a socket to the agent; disposing closes it, and ends what is under way with a rejection. */
export async function openSession(agent: Agent): Promise<SnmpSession> {
  const { default: snmp } = await import('net-snmp')
  const session = open(snmp, agent)
  let isOpen = true
  return {
    get: (oids) =>
      new Promise((resolve, reject) => {
        // Answers that are not SNMP come as this event.
        session.on('error', (error) => reject(explain(error)))
        session.get(oids, (error, bindings = []) => {
          if (error === null) resolve(bindings.map((binding) => answerOf(snmp, binding)))
          else reject(explain(error))
        })
      }),
    [Symbol.dispose]: () => {
      if (isOpen) session.close()
      isOpen = false
    },
  }
}

function open(snmp: NetSnmp, { address, family, port, credentials, timeoutMs }: Agent): Session {
  const { version, community, user, authProtocol, authKey, privProtocol, privKey } = credentials
  const versions = { '1': snmp.Version1, '2c': snmp.Version2c, '3': snmp.Version3 }
  const options: SessionOptions = {
    port,
    version: versions[version],
    transport: family === 6 ? 'udp6' : 'udp4',
    retries: 0,
    // The caller's time runs out first, and its sentence says more.
    timeout: timeoutMs + 1000,
  }
  if (version !== '3') return snmp.createSession(address, community, options)
  const level = authKey === undefined ? 'noAuthNoPriv' : privKey === undefined ? 'authNoPriv' : 'authPriv'
  return snmp.createV3Session(
    address,
    {
      name: user,
      level: snmp.SecurityLevel[level],
      ...(authKey === undefined ? {} : { authProtocol: snmp.AuthProtocols[authProtocol], authKey }),
      ...(privKey === undefined ? {} : { privProtocol: snmp.PrivProtocols[privProtocol], privKey }),
    },
    options,
  )
}

/** Integers, also in text, are numbers; a Counter64 is eight bytes or fewer. */
function answerOf(snmp: NetSnmp, binding: VariableBinding): Answer {
  if (snmp.isVarbindError(binding)) return { problem: snmp.varbindError(binding) }
  const { type, value } = binding
  if (typeof value === 'number') return { value }
  if (value instanceof Uint8Array && type === snmp.ObjectType['Counter64']) {
    return { value: value.reduce((sum, byte) => sum * 256 + byte, 0) }
  }
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value)
  return { value: /^\s*[-+]?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : text }
}

/** What it rejects with may be anything that a garbled datagram made of it. */
function explain(error: unknown): Error {
  const { message }: { message?: unknown } = error instanceof Error ? error : {}
  return new Error(typeof message === 'string' && message !== '' ? message : 'the answer is not SNMP', {
    cause: error,
  })
}
