/** An HTTP server on loopback that answers as a test wants. */
import { createServer, type RequestListener } from 'node:http'

export interface HttpServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string
  /** `host:port`. */
  readonly address: string
}

/** Starts it on a free port; disposing it breaks off whatever is under way. */
export function startHttpServer(listener: RequestListener): Promise<HttpServer> {
  const server = createServer(listener)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address()
      if (bound === null || typeof bound === 'string') {
        reject(new Error('a listening server without a port'))
        return
      }
      const address = `127.0.0.1:${bound.port}`
      resolve({
        url: `http://${address}`,
        address,
        [Symbol.asyncDispose]: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
