import type { EnvironmentReader } from 'runmat-telemetry-common/environment'

import { addressIn, tokenIn } from './settings-values.ts'

/** PostHog's private API, with which the worker deletes erased clients. */
export interface PostHogErasureSettings {
  readonly personalKey: string
  readonly project: string
  readonly host: string
}

export function postHogErasureOf(
  reader: EnvironmentReader,
  sink: { readonly kind: string; readonly host?: string },
): PostHogErasureSettings | undefined {
  const { text, fault } = reader
  const personalKey = tokenIn(reader, 'POSTHOG_PERSONAL_API_KEY')
  if (personalKey === undefined) return undefined
  const project = text('POSTHOG_PROJECT_ID') ?? ''
  if (!/^\d{1,12}$/.test(project)) fault('POSTHOG_PROJECT_ID', 'must be the number of the project')
  if (text('EVENTS_DIR') === undefined) fault('EVENTS_DIR', 'is missing, for the tombstones')
  if (sink.kind !== 'posthog' || sink.host === undefined) {
    return fault('POSTHOG_PERSONAL_API_KEY', 'means nothing without POSTHOG_API_KEY')
  }
  // PostHog's cloud takes events at another host than requests to its API.
  const host = addressIn(
    reader,
    'POSTHOG_API_HOST',
    sink.host.replace('.i.posthog.com', '.posthog.com'),
  )
  return { personalKey, project, host: host.replace(/\/+$/, '') }
}
