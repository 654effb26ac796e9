/** Opens the clients of each protocol. */
import type { LoadClient } from './client.ts'
import { EtcdClient } from './etcd-client.ts'
import { httpClients } from './http-client.ts'
import { keyValueClients } from './key-value.ts'
import type { Protocol } from './messages.ts'
import { RedisClient } from './redis-client.ts'
import { parseAddress } from './socket.ts'
import { sqlClients } from './sql-client.ts'

/** Makes a client of a target, with its number among those of all nodes. */
export function clientsOf(given: Protocol): (target: string, number: number) => LoadClient {
  switch (given.protocol) {
    case 'http':
      return httpClients(given)
    case 'sql':
      return sqlClients(given)
    case 'redis': {
      const make = keyValueClients(given.keyValue)
      return (target, number) => {
        const address = parseAddress(target)
        if (address === undefined) throw new Error(`no address: ${target}`)
        return make(new RedisClient(address, given.redis), number)
      }
    }
    case 'etcd': {
      const make = keyValueClients(given.keyValue)
      return (target, number) => make(new EtcdClient(target, given.etcd), number)
    }
  }
}
