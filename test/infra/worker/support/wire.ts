import net from 'node:net'

import { key } from './stage.ts'

export interface Wire {
  readonly send: (text: string | Uint8Array) => void
  readonly said: () => string
  /** Waits until the pattern has matched that many times. */
  readonly hears: (pattern: RegExp, times?: number) => Promise<string>
  /** Waits until the other side closes the connection. */
  readonly ended: Promise<string>
  readonly hangUp: () => void
}

/** A raw connection to the worker, without an HTTP client. */
export function connect(port: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let text = ''
    const waiting = new Set<() => void>()
    const ended = new Promise<string>((end) => socket.on('close', () => end(text)))
    socket.on('error', reject)
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (const check of waiting) check()
    })
    socket.on('connect', () =>
      resolve({
        send: (bytes) => void socket.write(bytes),
        said: () => text,
        hears: (pattern, times = 1) =>
          new Promise((heard) => {
            const check = (): void => {
              if (text.split(pattern).length <= times) return
              waiting.delete(check)
              heard(text)
            }
            waiting.add(check)
            check()
          }),
        ended,
        hangUp: () => socket.destroy(),
      }),
    )
  })
}

export interface PostOptions {
  readonly path?: string
  readonly headers?: readonly string[]
  readonly length?: number | 'chunked'
  readonly key?: string
}

/** A complete request head. */
export function headOf({
  path = '/v1/t',
  headers = [],
  length,
  key: sent = key,
}: PostOptions): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: worker.invalid',
    'Content-Type: application/json',
    `x-telemetry-key: ${sent}`,
    length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length ?? 0}`,
    ...headers,
    '\r\n',
  ].join('\r\n')
}

export function postOf(body: string, options: PostOptions = {}): string {
  return headOf({ length: Buffer.byteLength(body), ...options }) + body
}
