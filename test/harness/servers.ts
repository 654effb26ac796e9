/** Servers on the loopback interface, or on a Unix socket, that tests of probes talk to. */
import { spawn } from 'node:child_process'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

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

/** A program that listens and never accepts, as a server whose event loop has stopped. */
const darkServer = `
  const [where, backlog] = process.argv.slice(1)
  const server = require('node:net').createServer()
  const to = /^\\d+$/.test(where) ? { port: Number(where), host: '127.0.0.1' } : { path: where }
  server.listen({ ...to, backlog: Number(backlog) }, () => {
    require('node:fs').writeSync(1, (server.address().port ?? where) + '\\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`

/** Starts a server that never accepts on a port, 0 for any, or on the path of a Unix socket. */
export async function serveDark(
  where: string,
  backlog: number,
): Promise<AsyncDisposable & { readonly where: string }> {
  const child = spawn(process.execPath, ['-e', darkServer, where, String(backlog)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(child.stdout), 'line')
  return {
    where: String(line),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
