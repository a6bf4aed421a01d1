import { steadyNow } from 'runmat-telemetry-common/clock'
import type { Event } from 'runmat-telemetry-common/events/event'
import type { Sink, Trouble } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import type { PostHogSettings } from '../sink-settings.ts'
import { type BatchOutcome, bisect } from './bisect.ts'
import { causeOf, openSinkPoster } from './sink-poster.ts'
import { postHogEvent } from './posthog-event.ts'

const minute = 60_000
const connections = 4

/**
 * PostHog takes 1 MB per event and 20 MB per batch. Our bounds on events and `limits.group` are far
 * below, and the contract bounds names, ids and times.
 */
export function openPostHog(
  { apiKey, host }: Omit<PostHogSettings, 'kind'>,
  timeoutMs: number = limits.sinkMs,
): Sink {
  const head = `{"api_key":${JSON.stringify(apiKey)},"batch":[`
  const poster = openSinkPoster(`${host}/batch/`, connections)

  const send = async (events: string, deadline: number): Promise<BatchOutcome> => {
    const left = deadline - steadyNow()
    if (left <= 0) return { cause: 'PostHog: no answer in time' }
    const result = await poster.post(Buffer.from(`${head}${events}]}`, 'latin1'), left)
    if (result.kind === 'failed') return { cause: `PostHog: ${causeOf(result.reason)}` }
    const { status, retryAfterMs, body } = result
    return outcomeOf(status, retryAfterMs, body)
  }

  return {
    name: 'posthog',
    inFlight: connections,
    store: async (events) => {
      const deadline = steadyNow() + timeoutMs
      const post = (part: readonly Event[]) => send(part.map(postHogEvent).join(','), deadline)
      return await bisect(events, post, limits.probes)
    },
    // An empty batch stores nothing. PostHog answers 400 to it, which shows that it is up.
    probe: async () => {
      const outcome = await send('', steadyNow() + Math.min(timeoutMs, limits.probeMs))
      return typeof outcome === 'object' ? outcome : undefined
    },
    close: () => Promise.resolve(poster.close()),
  }
}

function outcomeOf(status: number, retryAfterMs: number | undefined, body: string): BatchOutcome {
  const trouble = (cause: string, otherwiseMs?: number): Trouble => {
    const wait = retryAfterMs ?? otherwiseMs
    return { cause: `PostHog: ${cause}`, ...(wait !== undefined && { retryAfterMs: wait }) }
  }
  if (status === 200) {
    const said = objectIn(body)
    if (isOverQuota(said)) return trouble('over its quota', 60 * minute)
    return isConfirmation(said) ? 'stored' : trouble('answered 200 without confirming')
  }
  if (status === 400 || status === 413 || status === 422) return 'refused'
  if (status === 401 || status === 403) return trouble('the API key is refused', minute)
  return trouble(`answered ${status}`)
}

/**
 * PostHog's capture service says `1` or, in newer versions, `Ok`. A login page, a proxy's own page or a
 * fault in the body come with 200 as well, and then nothing is stored.
 */
function isConfirmation({ status }: Answered): boolean {
  return status === 1 || status === 'Ok'
}

/** PostHog answers 200 when it drops events over the quota; newer versions mention it. */
function isOverQuota({ quota_limited: limited }: Answered): boolean {
  return Array.isArray(limited) && limited.length > 0
}

interface Answered {
  readonly status?: unknown
  readonly quota_limited?: unknown
}

function objectIn(text: string): Answered {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
