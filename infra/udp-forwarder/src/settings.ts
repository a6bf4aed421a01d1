import { type BufferSettings, bufferOf } from 'runmat-telemetry-buffer/settings'
import {
  type Environment,
  type EnvironmentReader,
  problemOfAddress,
  readerOf,
} from 'runmat-telemetry-common/environment'

export interface Settings {
  readonly udpPort: number
  readonly healthPort: number
  /** If set, events go to the stream in place of the worker. */
  readonly buffer: BufferSettings | undefined
  /** The worker's full address with its path. Unused if there is a buffer. */
  readonly endpoint: URL
  /** Undefined only if the operator asked for it or there is a buffer. */
  readonly key: string | undefined
  /** Posts that may be in flight at a time. */
  readonly concurrency: number
  /** The size of all batches together, including those in flight. */
  readonly queueBytes: number
  readonly batchBytes: number
  readonly batchEvents: number
  /** How long the first event of a batch waits for others. */
  readonly batchDelayMs: number
  readonly maxDatagramBytes: number
  readonly receiveBufferBytes: number
  readonly postTimeoutMs: number
  /** From SIGTERM to the end. */
  readonly drainMs: number
}

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Reads the environment once and reports every fault at once. */
export function readSettings(env: Environment): Settings {
  const reader = readerOf(env)
  const { integer, fault } = reader
  const buffer = bufferOf(reader)
  const settings = {
    buffer,
    udpPort: integer('UDP_PORT', 0, 65_535, 7846),
    healthPort: integer('HEALTH_PORT', 0, 65_535, 9000),
    endpoint: buffer === undefined ? endpointOf(reader) : nowhere,
    key: buffer === undefined ? keyOf(reader) : undefined,
    concurrency: integer('FORWARDER_CONCURRENCY', 1, 64, 8),
    queueBytes: integer('FORWARDER_QUEUE_BYTES', 16 * kibibyte, 4096 * mebibyte, 48 * mebibyte),
    batchBytes: integer('FORWARDER_BATCH_BYTES', kibibyte, 8 * mebibyte, 128 * kibibyte),
    batchEvents: integer('FORWARDER_BATCH_EVENTS', 1, 1000, 500),
    batchDelayMs: integer('FORWARDER_BATCH_DELAY_MS', 0, 5000, 50),
    maxDatagramBytes: integer('FORWARDER_MAX_DATAGRAM_BYTES', 64, 65_507, 65_507),
    receiveBufferBytes: integer(
      'FORWARDER_RECEIVE_BUFFER_BYTES',
      4 * kibibyte,
      512 * mebibyte,
      8 * mebibyte,
    ),
    postTimeoutMs: integer('FORWARDER_POST_TIMEOUT_MS', 100, 60_000, 10_000),
    drainMs: integer('FORWARDER_DRAIN_MS', 100, 9500, 9000),
  }
  if (buffer !== undefined) {
    for (const name of ['TELEMETRY_HTTP_ENDPOINT', 'TELEMETRY_INGESTION_KEY']) {
      if (reader.text(name) !== undefined) fault(name, 'means nothing beside BUFFER_URL')
    }
  }
  if (settings.maxDatagramBytes >= settings.batchBytes) {
    fault('FORWARDER_BATCH_BYTES', 'must be more than FORWARDER_MAX_DATAGRAM_BYTES')
  }
  // One batch fills and one waits while the others are in flight.
  const batches = settings.concurrency + 2
  if (settings.queueBytes < settings.batchBytes * batches) {
    const room = `must hold ${batches} batches: FORWARDER_CONCURRENCY and two more`
    fault('FORWARDER_QUEUE_BYTES', room)
  }
  reader.check()
  return settings
}

const nowhere = new URL('https://nowhere.invalid/')

// The key travels with every post.
const near = {
  what: 'this machine or a container beside it',
  // A name without a dot is a container on the same network.
  is: (name: string) => ['127.0.0.1', '[::1]'].includes(name) || /^[a-z0-9_-]+$/.test(name),
}

function endpointOf({ text, fault }: EnvironmentReader): URL {
  const name = 'TELEMETRY_HTTP_ENDPOINT'
  const given = text(name)
  const problem =
    given === undefined
      ? 'is missing'
      : problemOfAddress(given, 'https://example.invalid/ingest', near)
  if (problem === undefined) return new URL(given ?? '')
  fault(name, problem)
  return nowhere
}

function keyOf({ text, flag, fault }: EnvironmentReader): string | undefined {
  const name = 'TELEMETRY_INGESTION_KEY'
  const key = text(name)
  const isKeyless = flag('ALLOW_KEYLESS')
  if (key === undefined) {
    return isKeyless
      ? undefined
      : fault(name, 'is empty; set it, or ALLOW_KEYLESS=1 to post without')
  }
  if (/^[\u0021-\u002b\u002d-\u007e]{1,512}$/.test(key)) return key
  return fault(name, 'must be one key of up to 512 visible ASCII characters')
}
