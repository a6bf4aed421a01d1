import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Health {
  readonly port: number
  readonly close: () => void
}

interface Page {
  readonly status: number
  readonly text: string
}

/**
 * The port of the load balancer's TCP check, which only connects. HTTP clients learn more.
 * Connections are few and short, so that they can't fill memory.
 */
export async function serveHealth(
  port: number,
  report: { readonly isReady: () => boolean; readonly metrics: () => Promise<string> },
): Promise<Health> {
  const pageOf = async (path: string | undefined): Promise<Page> => {
    switch (path) {
      case '/healthz':
        return { status: 200, text: 'ok\n' }
      case '/readyz':
        return report.isReady()
          ? { status: 200, text: 'ready\n' }
          : { status: 503, text: 'the worker does not take events\n' }
      case '/metrics':
        return { status: 200, text: await report.metrics() }
      default:
        return { status: 404, text: 'There is /healthz, /readyz and /metrics.\n' }
    }
  }
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { method = '', url } = request
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', connection: 'close' }).end()
      return
    }
    const { status, text } = await pageOf(url?.split('?')[0])
    response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
    response.end(text)
  }
  const server = http.createServer(
    {
      headersTimeout: 2000,
      requestTimeout: 2000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      answer(request, response).catch(() => response.destroy())
    },
  )
  server.maxConnections = 128
  server.listen(port)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
