import { hostname } from 'node:os'

import type { EnvironmentReader } from 'runmat-telemetry-common/environment'

import { clickHouseOf } from './clickhouse-settings.ts'
import type { Role } from './settings.ts'
import { addressIn, tokenIn } from './settings-values.ts'

export interface PostHogSettings {
  readonly kind: 'posthog'
  readonly apiKey: string
  readonly host: string
}

export interface ClickHouseSettings {
  readonly kind: 'clickhouse'
  /** Replicas of one table; the first that works is used. */
  readonly urls: readonly string[]
  readonly database: string
  readonly user: string
  readonly passwordFile: string | undefined
  readonly caFile: string | undefined
  readonly isReplicated: boolean
  readonly retentionDays: number | undefined
}

export interface FileSettings {
  readonly kind: 'file'
  readonly path: string
}

/** One file a day and worker. */
export interface SegmentSettings {
  readonly kind: 'segments'
  readonly folder: string
  /** The worker's name, which its files carry. */
  readonly worker: string
  /** Undefined keeps them for ever. */
  readonly retentionDays: number | undefined
}

export interface Ga4Settings {
  readonly endpoint: string
  readonly measurementId: string
  readonly apiSecret: string
}

export interface SinkChoice {
  readonly sink: PostHogSettings | ClickHouseSettings | FileSettings | SegmentSettings
  /** A further sink with a consumer of its own in the buffer. */
  readonly clickHouse: ClickHouseSettings | undefined
}

export function sinksOf(role: Role, reader: EnvironmentReader): SinkChoice {
  const { text, fault } = reader
  const clickHouse = clickHouseOf(reader)
  if (clickHouse === undefined) return { sink: sinkOf(reader), clickHouse }
  if (text('POSTHOG_API_KEY') === undefined) return { sink: clickHouse, clickHouse: undefined }
  if (role === 'all') fault('CLICKHOUSE_URL', 'beside PostHog is for ROLE=deliver')
  return { sink: sinkOf(reader), clickHouse }
}

function sinkOf(reader: EnvironmentReader): PostHogSettings | FileSettings | SegmentSettings {
  const { text, fault } = reader
  const host = addressIn(reader, 'POSTHOG_HOST', 'https://us.i.posthog.com')
  const apiKey = tokenIn(reader, 'POSTHOG_API_KEY')
  if (apiKey !== undefined) return { kind: 'posthog', apiKey, host: host.replace(/\/+$/, '') }
  const path = text('EVENTS_FILE')
  if (path === undefined) return segmentsOf(reader)
  if (path.includes('\0')) fault('EVENTS_FILE', 'must be the name of a file')
  return { kind: 'file', path }
}

/** `EVENTS_DIR` holds the tombstones, whatever the sink is. */
const ofSegments = ['WORKER_NAME', 'RETENTION_DAYS'] as const

export function ignoredIn({ text }: EnvironmentReader): readonly string[] {
  const isSet = (name: string) => text(name) !== undefined
  if (isSet('CLICKHOUSE_URL')) return ['EVENTS_FILE', 'WORKER_NAME'].filter(isSet)
  if (isSet('POSTHOG_API_KEY')) return ['EVENTS_FILE', ...ofSegments].filter(isSet)
  return isSet('EVENTS_FILE') ? ofSegments.filter(isSet) : []
}

function segmentsOf({ text, integer, fault }: EnvironmentReader): SegmentSettings {
  const folder = text('EVENTS_DIR') ?? './events'
  if (folder.includes('\0')) fault('EVENTS_DIR', 'must be the name of a folder')
  const worker =
    text('WORKER_NAME') ??
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64)
  if (!/^[\w.-]{1,64}$/.test(worker)) {
    fault('WORKER_NAME', 'must be up to 64 letters, digits, hyphens, underscores and dots')
  }
  const days = integer('RETENTION_DAYS', 1, 36_500, 0)
  return { kind: 'segments', folder, worker, retentionDays: days === 0 ? undefined : days }
}

export function ga4Of(reader: EnvironmentReader): Ga4Settings | undefined {
  const { fault } = reader
  const endpoint = addressIn(reader, 'GA_ENDPOINT', 'https://www.google-analytics.com/mp/collect')
  const measurementId = tokenIn(reader, 'GA_MEASUREMENT_ID')
  const apiSecret = tokenIn(reader, 'GA_API_SECRET')
  if (measurementId !== undefined && apiSecret !== undefined) {
    return { endpoint, measurementId, apiSecret }
  }
  if (measurementId !== undefined) fault('GA_API_SECRET', 'is missing, with GA_MEASUREMENT_ID set')
  if (apiSecret !== undefined) fault('GA_MEASUREMENT_ID', 'is missing, with GA_API_SECRET set')
  return undefined
}
