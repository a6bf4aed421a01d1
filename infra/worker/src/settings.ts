import { type BufferSettings, bufferOf } from 'runmat-telemetry-buffer/settings'
import {
  type Environment,
  type EnvironmentReader,
  readerOf,
} from 'runmat-telemetry-common/environment'

import { limits } from './limits.ts'
import { isToken } from './settings-values.ts'
import { type Ga4Settings, ga4Of, ignoredIn, type SinkChoice, sinksOf } from './sink-settings.ts'
import { type PostHogErasureSettings, postHogErasureOf } from './posthog-erasure-settings.ts'

const roles = ['all', 'ingest', 'deliver'] as const

/** `all` stores what it receives. With a buffer, one process receives and another delivers. */
export type Role = (typeof roles)[number]

export interface Settings extends SinkChoice {
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
    products: productsOf(reader),
    port: integer('PORT', 0, 65_535, 8080),
    host: text('HOST'),
    keys: role === 'deliver' ? [] : keysOf(reader),
    sink,
    clickHouse,
    tombstones:
      text('EVENTS_DIR') ??
      (role !== 'ingest' && sink.kind === 'segments' ? sink.folder : undefined),
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

/** Without a key a worker listens on this machine only. One that delivers takes no events. */
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

function productsOf({ text }: EnvironmentReader): readonly string[] {
  const files = (text('PRODUCTS') ?? '').split(',').map((file) => file.trim())
  return files.filter((file) => file !== '')
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
