import { afterAll } from 'vitest'

import { openPoster, type Poster, type PosterOptions } from '../../src/deliver/post.ts'
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

export function posterTo(endpoint: string, options: Partial<PosterOptions> = {}): Poster {
  return forNow(
    openPoster({
      endpoint,
      headers: { 'User-Agent': 'test/1', 'X-Key': key },
      env: {},
      timeoutMs: 10_000,
      inFlight: 8,
      ...options,
    }),
  )
}

export interface Stage extends Poster {
  readonly collector: Collector
}

/** A collector that answers so, and a poster to it. */
export async function stage(
  answer?: Answer,
  options: Partial<PosterOptions> & { tls?: { key: string; cert: string } } = {},
): Promise<Stage> {
  const { tls, ...posterOptions } = options
  const collector = forNow(
    await startCollector({ ...(answer !== undefined && { answer }), ...(tls && { tls }) }),
  )
  return { collector, ...posterTo(collector.url, posterOptions) }
}
