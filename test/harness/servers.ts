/** Servers on the loopback interface, or on a Unix socket, that tests of probes talk to. */
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

export interface Listening extends AsyncDisposable {
  readonly port: number
  /** Connections accepted so far. */
  readonly connections: number
}

/** A TCP server; on a Unix socket when a path is given. */
export const serve = (onConnection: (socket: Socket) => void, path?: string): Promise<Listening> =>
  listen(createServer({ allowHalfOpen: true }, onConnection), path)

/** An HTTP server; on a Unix socket when a path is given. */
export const serveHttp = (onRequest: RequestListener, path?: string): Promise<Listening> =>
  listen(createHttpServer(onRequest), path)

async function listen(server: Server, path?: string): Promise<Listening> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  if (path === undefined) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    get connections() {
      return connections
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Source of a Python program that listens and never accepts, as a server whose event loop has stopped. Its argument is
 * a port or the path of a Unix socket, then its backlog; it prints a line when it listens.
 */
export const darkServer = `
import socket, sys, time
where, backlog = sys.argv[1], int(sys.argv[2])
isPort = where.isdigit()
listener = socket.socket(socket.AF_INET if isPort else socket.AF_UNIX)
listener.bind(("127.0.0.1", int(where)) if isPort else where)
listener.listen(backlog)
print(listener.getsockname()[1] if isPort else where, flush=True)
time.sleep(600)
`
