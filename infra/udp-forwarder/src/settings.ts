type Environment = Readonly<Record<string, string | undefined>>

export interface Settings {
  readonly udpPort: number
  readonly healthPort: number
  /** The worker's whole address, with its path. */
  readonly endpoint: URL
  /** Undefined only where the operator asked for it. */
  readonly key: string | undefined
  /** Posts that may be under way at a time. */
  readonly concurrency: number
  /** What all batches together may hold, those under way included. */
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

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** Reads the environment once, and says everything that is wrong with it at once. */
export function readSettings(env: Environment): Settings {
  const faults: string[] = []
  const integer = (name: string, least: number, most: number, otherwise: number): number => {
    const given = textOf(env, name)
    if (given === undefined) return otherwise
    const value = /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    faults.push(`${name} must be a whole number from ${least} to ${most}`)
    return otherwise
  }
  const settings = {
    udpPort: integer('UDP_PORT', 0, 65_535, 7846),
    healthPort: integer('HEALTH_PORT', 0, 65_535, 9000),
    endpoint: endpointOf(env, faults),
    key: keyOf(env, faults),
    concurrency: integer('FORWARDER_CONCURRENCY', 1, 64, 8),
    queueBytes: integer('FORWARDER_QUEUE_BYTES', 16 * kibibyte, 4096 * mebibyte, 48 * mebibyte),
    batchBytes: integer('FORWARDER_BATCH_BYTES', kibibyte, 8 * mebibyte, 128 * kibibyte),
    batchEvents: integer('FORWARDER_BATCH_EVENTS', 1, 1000, 500),
    batchDelayMs: integer('FORWARDER_BATCH_DELAY_MS', 0, 5000, 50),
    maxDatagramBytes: integer('FORWARDER_MAX_DATAGRAM_BYTES', 64, 65_507, 8 * kibibyte),
    receiveBufferBytes: integer(
      'FORWARDER_RECEIVE_BUFFER_BYTES',
      4 * kibibyte,
      512 * mebibyte,
      8 * mebibyte,
    ),
    postTimeoutMs: integer('FORWARDER_POST_TIMEOUT_MS', 100, 60_000, 10_000),
    drainMs: integer('FORWARDER_DRAIN_MS', 100, 9500, 9000),
  }
  if (settings.maxDatagramBytes >= settings.batchBytes) {
    faults.push('FORWARDER_BATCH_BYTES must be more than FORWARDER_MAX_DATAGRAM_BYTES')
  }
  // One batch fills and one waits while the others are under way.
  const batches = settings.concurrency + 2
  if (settings.queueBytes < settings.batchBytes * batches) {
    faults.push(
      `FORWARDER_QUEUE_BYTES must hold ${batches} batches: FORWARDER_CONCURRENCY and two more`,
    )
  }
  const { endpoint } = settings
  if (faults.length > 0 || endpoint === undefined) throw new SettingsError(faults)
  return { ...settings, endpoint }
}

function textOf(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined
}

function endpointOf(env: Environment, faults: string[]): URL | undefined {
  const name = 'TELEMETRY_HTTP_ENDPOINT'
  const given = textOf(env, name)
  const problem = given === undefined ? 'is missing' : problemOf(given)
  if (problem === undefined) return new URL(given ?? '')
  faults.push(`${name} ${problem}`)
  return undefined
}

function problemOf(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be an address such as https://example.invalid/ingest'
  const { protocol, hostname, username, password } = new URL(text)
  if (username !== '' || password !== '') return 'must not hold a user name or a password'
  // The key travels with every post. A name without a dot is a neighbour in a container network.
  const near = hostname === '127.0.0.1' || hostname === '[::1]' || /^[a-z0-9_-]+$/.test(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && near)) return undefined
  return 'must begin with https:// (http:// only to this machine or a container beside it)'
}

function keyOf(env: Environment, faults: string[]): string | undefined {
  const key = textOf(env, 'TELEMETRY_INGESTION_KEY')
  const keyless = textOf(env, 'ALLOW_KEYLESS') ?? '0'
  if (!['0', '1'].includes(keyless)) faults.push('ALLOW_KEYLESS must be 1, 0 or empty')
  // What is wrong with a key is said without the key.
  if (key === undefined) {
    if (keyless !== '1') {
      faults.push('TELEMETRY_INGESTION_KEY is empty; set it, or ALLOW_KEYLESS=1 to post without')
    }
  } else if (!/^[\u0021-\u002b\u002d-\u007e]{1,512}$/.test(key)) {
    faults.push('TELEMETRY_INGESTION_KEY must be one key of up to 512 visible ASCII characters')
  }
  return key
}
