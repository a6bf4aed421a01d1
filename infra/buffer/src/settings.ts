import { accessSync, constants } from 'node:fs'

import type { EnvironmentReader } from 'runmat-telemetry-common/environment'

/** Where the JetStream buffer is and how it should be set up. */
export interface BufferSettings {
  /** `nats://` or `tls://`, never mixed. */
  readonly servers: readonly string[]
  readonly credentialsFile: string | undefined
  readonly caFile: string | undefined
  /** The stream's name and the prefix of its subjects. */
  readonly stream: string
  /** Undefined derives it from the number of servers. */
  readonly replicas: number | undefined
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** How long the stream remembers ids to drop repeated events. */
  readonly duplicateMs: number
  /** How long a delivery may take before the event goes to another process. */
  readonly ackWaitMs: number
}

const kibibyte = 1024
const gibibyte = 1024 ** 3
const hourMs = 60 * 60_000
const names = [
  'BUFFER_CREDS_FILE',
  'BUFFER_CA_FILE',
  'BUFFER_STREAM',
  'BUFFER_REPLICAS',
  'BUFFER_MAX_BYTES',
  'BUFFER_MAX_AGE_HOURS',
  'BUFFER_DUPLICATE_MINUTES',
  'BUFFER_ACK_WAIT_SECONDS',
] as const

/** Undefined if no buffer is configured. */
export function bufferOf(reader: EnvironmentReader): BufferSettings | undefined {
  const { text, integer, fault } = reader
  const servers = serversOf(reader)
  if (servers === undefined) {
    for (const name of names) {
      if (text(name) !== undefined) fault(name, 'means nothing without BUFFER_URL')
    }
    return undefined
  }
  const stream = text('BUFFER_STREAM') ?? 'telemetry'
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(stream)) {
    fault('BUFFER_STREAM', 'must be up to 32 letters, digits, hyphens and underscores')
  }
  const replicas = integer('BUFFER_REPLICAS', 1, 5, 0)
  const caFile = fileIn(reader, 'BUFFER_CA_FILE')
  if (caFile !== undefined && servers[0]?.startsWith('nats:')) {
    fault('BUFFER_CA_FILE', 'means nothing without tls:// in BUFFER_URL')
  }
  return {
    servers,
    credentialsFile: fileIn(reader, 'BUFFER_CREDS_FILE'),
    caFile,
    stream,
    replicas: replicas === 0 ? undefined : replicas,
    maxBytes: integer('BUFFER_MAX_BYTES', 64 * kibibyte, 900 * gibibyte, 8 * gibibyte),
    maxAgeMs: integer('BUFFER_MAX_AGE_HOURS', 1, 24 * 365, 24 * 7) * hourMs,
    duplicateMs: integer('BUFFER_DUPLICATE_MINUTES', 30, 60 * 24, 30) * 60_000,
    ackWaitMs: integer('BUFFER_ACK_WAIT_SECONDS', 1, 600, 30) * 1000,
  }
}

function serversOf({ text, fault }: EnvironmentReader): readonly string[] | undefined {
  const name = 'BUFFER_URL'
  const given = text(name)
  if (given === undefined) return undefined
  const servers = given.split(',').map((server) => server.trim())
  const problem = servers.map(problemOf).find((one) => one !== undefined)
  if (problem !== undefined) fault(name, problem)
  else if (new Set(servers.map((server) => server.split(':')[0])).size > 1) {
    fault(name, 'must not mix nats:// and tls://')
  }
  return servers
}

function problemOf(server: string): string | undefined {
  if (!/^(nats|tls):\/\//.test(server) || !URL.canParse(server)) {
    return 'must be nats:// or tls:// servers, with commas between'
  }
  const { protocol, hostname, username, password, pathname, search } = new URL(server)
  if (username !== '' || password !== '') {
    return 'must not hold a user name or a password; they go into the file of BUFFER_CREDS_FILE'
  }
  if (hostname === '' || !['', '/'].includes(pathname) || search !== '') {
    return 'must name a server and its port, and nothing else'
  }
  // Events and credentials travel there. A name without a dot is a container on the same network.
  const near = ['127.0.0.1', '[::1]'].includes(hostname) || /^[a-z0-9_-]+$/i.test(hostname)
  if (protocol === 'tls:' || near) return undefined
  return 'must begin with tls:// (nats:// only to this machine or a container beside it)'
}

function fileIn({ text, fault }: EnvironmentReader, name: string): string | undefined {
  const file = text(name)
  if (file === undefined) return undefined
  try {
    accessSync(file, constants.R_OK)
    return file
  } catch {
    return fault(name, 'must be the name of a file that can be read')
  }
}
