import type { LookupFunction } from 'node:net'

import { exchange } from './exchange.ts'
import { type Line, openLine } from './line.ts'
import { failed, type Outcome } from './outcome.ts'
import { routeTo } from './proxy.ts'
import { type Reason, reasonOf } from './reason.ts'

export interface PosterOptions {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  /** For everything from looking up the name to the last byte of the answer. */
  readonly timeoutMs: number
  /** How many connections there may be, and so how many posts to start at a time. */
  readonly inFlight: number
  readonly now?: () => number
  /**
   * For posts that must not keep the process alive: how to look up names, in a way that can be
   * given up.
   */
  readonly background?: LookupFunction
}

export interface Poster {
  /**
   * Never rejects, never tries again: a request that broke off may have arrived all the same, and
   * only the caller can repeat the event so that the collector recognizes it.
   */
  readonly post: (body: string | Uint8Array) => Promise<Outcome>
  /** Gives up what is under way; the process may end. */
  readonly close: () => void
}

export function openPoster(options: PosterOptions): Poster {
  const { timeoutMs, now = Date.now } = options
  const underWay: ((reason: Reason) => void)[] = []
  let closed = false
  const opening = open(options).catch(reasonOf)
  return {
    post: async (body) => {
      const line = await opening
      if (closed) return failed('closed')
      if (typeof line === 'string') return failed(line)
      return await exchange(line, body, {
        timeoutMs,
        now,
        underWay,
        background: options.background !== undefined,
      })
    },
    close: () => {
      closed = true
      for (const giveUp of underWay.slice()) giveUp('closed')
      void opening.then((line) => typeof line === 'string' || line.close())
    },
  }
}

/** Starts loading what it takes while the caller reads its first event. */
async function open(options: PosterOptions): Promise<Line | Reason> {
  if (!URL.canParse(options.endpoint)) return 'invalid request'
  const endpoint = new URL(options.endpoint)
  if (!/^https?:$/.test(endpoint.protocol)) return 'invalid request'
  const route = routeTo(endpoint, options.env)
  if (route.kind === 'unusable') return 'proxy unusable'
  return await openLine(endpoint, route.kind === 'proxy' ? route.proxy : undefined, options)
}
