import { parseRetryAfter } from '../deliver/http/outcome.ts'
import { limits } from './limits.ts'
import type { Route } from './route.ts'

export const contentType = 'application/json'

export interface Answer {
  /** Zero where there was none. */
  readonly status: number
  /** How long the collector wants to be left alone. */
  readonly askedMs?: number
}

/** Can a request of this browser outlive its page? */
export function canOutlive(): boolean {
  return 'keepalive' in Request.prototype
}

/** One event to the collector, and nothing else: no cookies, no address of the page. */
export async function post(
  { url, key }: Route,
  body: string,
  controller: AbortController,
): Promise<Answer> {
  const timer = setTimeout(() => controller.abort(), limits.timeoutMs)
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
    const askedMs = parseRetryAfter(headers.get('retry-after') ?? undefined, Date.now())
    return { status, ...(askedMs !== undefined && { askedMs }) }
  } catch {
    return { status: 0 }
  } finally {
    clearTimeout(timer)
    // Whatever else there is of the answer, nobody reads it.
    controller.abort()
  }
}
