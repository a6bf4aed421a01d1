import { afterAll } from 'vitest'

import {
  openHttpClient,
  type HttpClient,
  type HttpClientOptions,
} from '../../src/deliver/http/client.ts'
import { type Answer, type Collector, startCollector } from '../support/collector.ts'

const cleanUps: (() => unknown)[] = []

// For the whole file, because tests that run side by side have no hook of their own here.
afterAll(() => Promise.all(cleanUps.map((cleanUp) => cleanUp())))

export function cleanUpLater(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp)
}

/** Stopped or closed when the tests of the file end. */
export function forNow<T extends { stop(): unknown } | { close(): unknown }>(thing: T): T {
  cleanUpLater(() => ('stop' in thing ? thing.stop() : thing.close()))
  return thing
}

export const key = 'key-that-nobody-else-may-see'

export function posterTo(endpoint: string, options: Partial<HttpClientOptions> = {}): HttpClient {
  return forNow(
    openHttpClient({
      endpoint,
      headers: { 'User-Agent': 'test/1', 'X-Key': key },
      env: {},
      timeoutMs: 10_000,
      inFlight: 8,
      ...options,
    }),
  )
}

export interface Stage extends HttpClient {
  readonly collector: Collector
}

/** A collector that answers so, and a client to it. */
export async function stage(
  answer?: Answer,
  options: Partial<HttpClientOptions> & { tls?: { key: string; cert: string } } = {},
): Promise<Stage> {
  const { tls, ...posterOptions } = options
  const collector = forNow(
    await startCollector({ ...(answer !== undefined && { answer }), ...(tls && { tls }) }),
  )
  return { collector, ...posterTo(collector.url, posterOptions) }
}
