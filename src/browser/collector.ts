import { parseRetryAfter } from '../contract/retry-after.ts'
import { inBrowsers as product } from '../product/runmat.ts'
import { endpointFlaw } from '../settings/address.ts'
import { usableKey } from '../settings/ingestion-key.ts'

export interface Collector {
  readonly url: string
  readonly key: string | undefined
}

/**
 * Where events go, and with which key; undefined if they can't be sent. A refused address is not
 * replaced by the built-in one, because that was not asked for. The built-in key goes only to the
 * built-in address, which takes nothing without a key.
 */
export function collectorOf(endpoint = '', ingestionKey?: string): Collector | undefined {
  const url = (endpoint || product.endpoint).trim()
  const isOurs = url === product.endpoint
  const key = usableKey(ingestionKey) ?? usableKey(isOurs ? product.embeddedKey : undefined)
  return endpointFlaw(url) || (isOurs && !key) ? undefined : { url, key }
}

export const contentType = 'application/json'

export interface Answer {
  /** Zero if there was none. */
  readonly status: number
  /** The pause that the collector asks for. */
  readonly askedMs?: number | undefined
}

/** Can a request of this browser outlive its page? */
export function canOutlive(): boolean {
  return 'keepalive' in Request.prototype
}

const timeoutMs = 10_000

/** Sends one event to the collector and nothing else: no cookies, no page address. */
export async function post(
  { url, key }: Collector,
  body: string,
  controller: AbortController,
): Promise<Answer> {
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  try {
    const { status, headers } = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType, ...(key && { 'x-telemetry-key': key }) },
      keepalive: true,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      signal: controller.signal,
    })
    return { status, askedMs: parseRetryAfter(headers.get('retry-after'), Date.now()) }
  } catch {
    return { status: 0 }
  } finally {
    clearTimeout(timer)
    // The rest of the answer is not needed.
    controller.abort()
  }
}
