/** A client that executes SQL statements of a few kinds on PostgreSQL, each as a prepared statement. */
import pg from 'pg'
import { seededRandom } from '../../base/random.ts'
import { lost, OperationError, unreachable, type LoadClient } from './client.ts'
import { bare } from './key-value.ts'
import { keyChooser, weightedChooser } from './keys.ts'
import { parseAddress } from './socket.ts'

export type SqlParameter = 'key' | 'value' | 'client' | 'random'

export interface SqlStatement {
  readonly name: string
  readonly weight: number
  readonly sql: string
  /** What `$1`, `$2`, ... are. */
  readonly parameters: readonly SqlParameter[]
  /** What it does to the register whose key it has, for the history; null for anything else. */
  readonly register: 'read' | 'write' | null
}

export interface SqlSettings {
  readonly statements: readonly SqlStatement[]
  readonly user: string
  readonly password: string | null
  readonly database: string
  readonly keys: number
  readonly distribution: 'uniform' | 'zipfian'
  readonly valueSize: number
  readonly seed: number
}

/** Makes clients that share the choice of statements. */
export function sqlClients(settings: SqlSettings): (target: string, number: number) => LoadClient {
  const chooseKey = keyChooser(settings.distribution, settings.keys)
  const choose = weightedChooser(settings.statements.map((item) => ({ item, weight: item.weight })))
  return (target, number) => {
    const connection = new SqlConnection(target, settings)
    const random = seededRandom(Math.imul(settings.seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
    let count = 0
    return {
      connect: async () => void (await connection.query({ text: 'SELECT 1' })),
      drop: (error) => connection.drop(error),
      next: () => {
        const { name, sql, parameters, register } = choose(random)
        count += 1
        const given = {
          key: chooseKey(random),
          value: `${settings.seed}-${number}-${count}`.padEnd(settings.valueSize, '.'),
          client: number,
          random: random.below(2 ** 31),
        }
        const query = { name, text: sql, values: parameters.map((parameter) => given[parameter]) }
        const written = register === 'write' ? bare(given.value) : null
        return {
          kind: name,
          ...(register === null ? {} : { subject: { f: register, key: String(given.key), value: written } }),
          run: async () => {
            return { outcome: 'ok', value: bare(await connection.query(query)) }
          },
        }
      },
    }
  }
}

/** Values as PostgreSQL writes them, of whatever type. */
const AS_TEXT = { getTypeParser: () => (text: string) => text }

class SqlConnection {
  readonly #target: string
  readonly #settings: SqlSettings
  #client: pg.Client | undefined
  #abandon: ((error: OperationError) => void) | undefined

  constructor(target: string, settings: SqlSettings) {
    this.#target = target
    this.#settings = settings
  }

  /** Gives the text of the first value of the first row, null without rows. */
  async query(query: pg.QueryConfig): Promise<string | null> {
    const given = Promise.withResolvers<never>()
    this.#abandon = given.reject
    try {
      // What is given up ends with its connection, which `drop` has closed.
      return await Promise.race([given.promise, this.#execute(query)])
    } finally {
      this.#abandon = undefined
    }
  }

  drop(error: OperationError): void {
    const client = this.#client
    this.#client = undefined
    this.#abandon?.(error)
    client?.connection.stream.destroy()
  }

  async #execute(query: pg.QueryConfig): Promise<string | null> {
    const client = this.#client ?? (await this.#open())
    try {
      const { rows } = await client.query<(string | null)[]>({ ...query, rowMode: 'array', types: AS_TEXT })
      return rows[0]?.[0] ?? null
    } catch (error) {
      // An SQLSTATE is the server's word that it has not done it; class 57 ends the session, 08 has lost it, and 40003
      // says that nobody knows.
      if (error instanceof pg.DatabaseError && !/^(08|57|40003)/.test(error.code ?? '')) {
        throw new OperationError(error.code ?? 'error', error.message, { isIndeterminate: false })
      }
      this.#forget(client)
      throw lost(error)
    }
  }

  async #open(): Promise<pg.Client> {
    const { user, password, database } = this.#settings
    const { host, port } = parseAddress(this.#target) ?? { host: this.#target, port: 5432 }
    const client = new pg.Client({ host, port, user, password: password ?? '', database })
    this.#client = client
    // A connection that breaks while nothing is under way is opened again for the next statement.
    client.on('error', () => this.#forget(client))
    client.on('end', () => this.#forget(client))
    try {
      await client.connect()
    } catch (error) {
      this.#forget(client)
      throw unreachable(error)
    }
    return client
  }

  #forget(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined
    client.connection.stream.destroy()
  }
}
