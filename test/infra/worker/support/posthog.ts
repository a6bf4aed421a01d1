import http, { type ServerResponse } from 'node:http'

import { countdown, listen } from '../../../support/collector.ts'

export interface Captured {
  readonly event: string
  readonly distinct_id: string
  readonly uuid: string
  readonly timestamp?: string
  readonly properties: Readonly<Record<string, unknown>>
}

export interface Batch {
  readonly api_key: string
  readonly batch: readonly Captured[]
}

/** How PostHog treats a batch. A number means an answer with that status; 200 stores the batch. */
export type Treatment =
  | number
  | {
      readonly status: number
      readonly retryAfter?: string | number
      readonly body?: string
    }
  | 'hang'
  | 'drop'
  /** Stores the batch and closes the connection without an answer. */
  | 'store and drop'

export interface PostHog {
  readonly url: string
  /** Every complete batch except probes. */
  readonly batches: readonly Batch[]
  /** The stored events. */
  readonly stored: readonly Captured[]
  /** Applies one rule to each of the next batches, and the last rule to all after them. */
  readonly script: (...treatments: readonly Rule[]) => void
  readonly received: (batches: number) => Promise<void>
  /** Releases hanging requests. */
  readonly stop: () => Promise<void>
  readonly restart: () => Promise<void>
  readonly port: number
}

export type Rule = Treatment | ((batch: readonly Captured[]) => Treatment)

/** A fake PostHog on this machine, with every fault that the real one can have. */
export async function startPostHog(...treatments: readonly Rule[]): Promise<PostHog> {
  const batches: Batch[] = []
  const stored: Captured[] = []
  let rules: readonly Rule[] = treatments.length > 0 ? treatments : [200]
  const arrivals = countdown(() => batches.length)

  const respond = (response: ServerResponse, body: Batch): void => {
    const [rule = 200, ...rest] = rules
    if (rest.length > 0) rules = rest
    const treatment = typeof rule === 'function' ? rule(body.batch) : rule
    if (treatment === 'hang') return
    if (treatment === 'store and drop') stored.push(...body.batch)
    if (typeof treatment === 'string') return void response.socket?.resetAndDestroy()
    const {
      status,
      retryAfter,
      body: text = '{"status":1}',
    } = typeof treatment === 'number' ? { status: treatment } : treatment
    if (status === 200 && !text.includes('quota')) stored.push(...body.batch)
    const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }
    response.writeHead(status, headers).end(text)
  }

  const open = () =>
    http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Batch
        // A probe; the real PostHog answers the same.
        if (body.batch.length === 0)
          return void response.writeHead(400).end('request holds no event')
        batches.push(body)
        respond(response, body)
        arrivals.check()
      })
    })
  let server = open()
  const port = await listen(server)

  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    batches,
    stored,
    script: (...next) => {
      rules = next
    },
    received: arrivals.reach,
    stop,
    restart: async () => {
      server = open()
      await listen(server, port)
    },
  }
}
