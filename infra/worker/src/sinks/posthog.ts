import { bisect, type Said } from '../bisect.ts'
import type { Event } from '../event.ts'
import { limits } from '../limits.ts'
import { openPoster, type Reply } from '../post.ts'
import type { PostHogSettings } from '../settings.ts'
import { postHogEvent } from './posthog-event.ts'
import type { Sink, Trouble } from './sink.ts'

const minute = 60_000
const connections = 4

/**
 * PostHog takes 1 MB for an event and 20 MB for a batch; `limits.eventBytes` and `limits.group`
 * stay far below, and the contract has seen to names, ids and times.
 */
export function openPostHog(
  { apiKey, host }: Omit<PostHogSettings, 'kind'>,
  timeoutMs: number = limits.sinkMs,
): Sink {
  const head = `{"api_key":${JSON.stringify(apiKey)},"batch":[`
  const poster = openPoster(`${host}/batch/`, connections)

  const ask = async (events: string, deadline: number): Promise<Said> => {
    const left = deadline - Date.now()
    if (left <= 0) return { cause: 'PostHog: no answer in time' }
    try {
      return saidBy(await poster.post(`${head}${events}]}`, left))
    } catch (error) {
      return { cause: `PostHog: ${(error as Error).message}` }
    }
  }

  return {
    name: 'posthog',
    inFlight: connections,
    store: async (events) => {
      const deadline = Date.now() + timeoutMs
      const written = new Map(events.map((event) => [event, postHogEvent(event)]))
      const post = (part: readonly Event[]) =>
        ask(part.map((event) => written.get(event)).join(','), deadline)
      return await bisect(events, post, limits.probes)
    },
    // An empty batch stores nothing. PostHog answers 400 to it, and so it is there.
    probe: async () => {
      const said = await ask('', Date.now() + Math.min(timeoutMs, limits.probeMs))
      return typeof said === 'object' ? said : undefined
    },
    close: async () => poster.close(),
  }
}

function saidBy({ status, retryAfterMs, text }: Reply): Said {
  const trouble = (cause: string, otherwiseMs?: number): Trouble => {
    const wait = retryAfterMs ?? otherwiseMs
    return { cause: `PostHog: ${cause}`, ...(wait !== undefined && { retryAfterMs: wait }) }
  }
  if (status >= 200 && status < 300) {
    return isOverQuota(text) ? trouble('over its quota', 60 * minute) : 'stored'
  }
  if (status === 400 || status === 413 || status === 422) return 'refused'
  if (status === 401 || status === 403) return trouble('the API key is refused', minute)
  return trouble(`answered ${status}`)
}

/** PostHog says 200 to what it throws away for the quota; lately it mentions it. */
function isOverQuota(text: string): boolean {
  if (!text.includes('quota_limited')) return false
  try {
    const { quota_limited: limited } = JSON.parse(text) as { quota_limited?: unknown }
    return Array.isArray(limited) && limited.length > 0
  } catch {
    return false
  }
}
