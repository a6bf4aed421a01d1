import { hostname } from 'node:os'

import { type BufferSettings, bufferOf } from 'runmat-telemetry-buffer/settings'
import {
  type Environment,
  type EnvironmentReader,
  readerOf,
} from 'runmat-telemetry-common/environment'

import { clickHouseOf } from './clickhouse-settings.ts'
import { limits } from './limits.ts'
import { addressIn, isToken, tokenIn } from './settings-values.ts'
import { type PostHogErasureSettings, postHogErasureOf } from './posthog-erasure-settings.ts'

export type { PostHogErasureSettings }

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

const roles = ['all', 'ingest', 'deliver'] as const

/** `all` stores what it receives. With a buffer, one process receives and another delivers. */
export type Role = (typeof roles)[number]

export interface Settings {
  readonly role: Role
  /** Set for every role except `all`. */
  readonly buffer: BufferSettings | undefined
  /** Files with definitions of products besides RunMat. */
  readonly products: readonly string[]
  readonly port: number
  /** Undefined listens on every address, which needs a key: without one, anybody could send. */
  readonly host: string | undefined
  /** Empty only if the operator allows senders without a key. */
  readonly keys: readonly string[]
  readonly sink: PostHogSettings | ClickHouseSettings | FileSettings | SegmentSettings
  /** A further sink with a consumer of its own in the buffer. */
  readonly clickHouse: ClickHouseSettings | undefined
  /** Where tombstones of erased clients are kept. Undefined: nobody can be erased here. */
  readonly tombstones: string | undefined
  /** Undefined leaves PostHog's part of an erasure to the operator. */
  readonly postHogErasure: PostHogErasureSettings | undefined
  /** Variables that are set but have no effect, which may surprise the operator. */
  readonly ignored: readonly string[]
  readonly ga4: Ga4Settings | undefined
  readonly maxBodyBytes: number
  /** Whether events with `x-debug-tag` are shown instead of stored. */
  readonly debugTags: boolean
  /** How many of our own proxies stand in front, each adding an address. */
  readonly trustProxy: number
}

/** Reads the environment once and reports every fault at once. */
export function readSettings(env: Environment): Settings {
  const reader = readerOf(env)
  const { text, integer, flag } = reader
  const role = roleOf(reader)
  const { sink, clickHouse } = sinksOf(role, reader)
  const settings: Settings = {
    role,
    buffer: bufferFor(role, reader),
    products: productsOf(role, reader),
    port: integer('PORT', 0, 65_535, 8080),
    host: text('HOST'),
    keys: role === 'deliver' ? [] : keysOf(reader),
    sink,
    clickHouse,
    tombstones:
      text('EVENTS_DIR') ?? (role === 'all' && sink.kind === 'segments' ? sink.folder : undefined),
    postHogErasure: postHogErasureOf(reader, sink),
    ignored: ignoredIn(reader),
    ga4: ga4Of(reader),
    maxBodyBytes: integer('MAX_BODY_BYTES', 1024, limits.heldBytes / 4, 1024 * 1024),
    debugTags: flag('DEBUG_TAGS'),
    trustProxy: integer('TRUST_PROXY', 0, 8, 0),
  }
  reader.check()
  return { ...settings, host: settings.host ?? defaultHost(settings) }
}

/** Whoever takes events from anybody says to whom. A worker that delivers takes none. */
function defaultHost({ role, keys }: Settings): string | undefined {
  return role === 'deliver' || keys.length > 0 ? undefined : '127.0.0.1'
}

function roleOf({ text, fault }: EnvironmentReader): Role {
  const given = text('ROLE') ?? 'all'
  const role = roles.find((one) => one === given)
  if (role === undefined) fault('ROLE', `must be one of ${roles.join(', ')}`)
  return role ?? 'all'
}

function bufferFor(role: Role, reader: EnvironmentReader): BufferSettings | undefined {
  const buffer = bufferOf(reader)
  if (role === 'all' && buffer !== undefined) {
    reader.fault('BUFFER_URL', 'is for ROLE=ingest and ROLE=deliver')
  }
  if (role !== 'all' && buffer === undefined) {
    reader.fault('BUFFER_URL', `is missing, with ROLE=${role}`)
  }
  return buffer
}

/** The stream does not say which product an event is about. */
function productsOf(role: Role, { text, fault }: EnvironmentReader): readonly string[] {
  const files = (text('PRODUCTS') ?? '').split(',').map((file) => file.trim())
  const given = files.filter((file) => file !== '')
  if (role !== 'all' && given.length > 0) fault('PRODUCTS', 'is for ROLE=all')
  return given
}

function keysOf({ text, flag, fault }: EnvironmentReader): readonly string[] {
  const name = 'INGESTION_KEY'
  const isKeyless = flag('ALLOW_KEYLESS')
  const given = (text(name) ?? '').split(',').map((key) => key.trim())
  const keys = given.filter((key) => key !== '')
  if (!keys.every((key) => isToken(key) && key.length <= limits.keyLength)) {
    const most = `up to ${limits.keyLength} visible ASCII characters`
    fault(name, `must be keys of ${most}, with commas between`)
  }
  if (keys.length === 0 && !isKeyless) {
    fault(name, 'is empty; set it, or ALLOW_KEYLESS=1 to take events from anybody')
  }
  return keys
}

function sinksOf(role: Role, reader: EnvironmentReader): Pick<Settings, 'sink' | 'clickHouse'> {
  const { text, fault } = reader
  const clickHouse = clickHouseOf(reader)
  if (clickHouse === undefined) return { sink: sinkOf(reader), clickHouse }
  if (text('PRODUCTS') !== undefined) fault('PRODUCTS', 'is not for ClickHouse')
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

function ignoredIn({ text }: EnvironmentReader): readonly string[] {
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

function ga4Of(reader: EnvironmentReader): Ga4Settings | undefined {
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
