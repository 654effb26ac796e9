/** The part of net-snmp that the probe uses; the package brings no types. */
declare module 'net-snmp' {
  import type { EventEmitter } from 'node:events'

  export interface VariableBinding {
    readonly oid: string
    readonly type: number
    readonly value: unknown
  }

  export interface SessionOptions {
    readonly port: number
    readonly version: number
    readonly transport: 'udp4' | 'udp6'
    readonly retries: number
    /** Milliseconds. */
    readonly timeout: number
  }

  export interface User {
    readonly name: string
    readonly level: number
    readonly authProtocol?: string
    readonly authKey?: string
    readonly privProtocol?: string
    readonly privKey?: string
  }

  export interface Session extends EventEmitter {
    get(
      oids: readonly string[],
      done: (error: Error | null, bindings?: readonly VariableBinding[]) => void,
    ): void
    close(): void
  }

  export interface NetSnmp {
    createSession(host: string, community: string, options: SessionOptions): Session
    createV3Session(host: string, user: User, options: SessionOptions): Session
    isVarbindError(binding: VariableBinding): boolean
    varbindError(binding: VariableBinding): string
    readonly Version1: number
    readonly Version2c: number
    readonly Version3: number
    readonly SecurityLevel: Readonly<Record<'noAuthNoPriv' | 'authNoPriv' | 'authPriv', number>>
    readonly AuthProtocols: Readonly<Record<string, string>>
    readonly PrivProtocols: Readonly<Record<string, string>>
    readonly ObjectType: Readonly<Record<string, number>>
  }

  const snmp: NetSnmp
  export default snmp
}
