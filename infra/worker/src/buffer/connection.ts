import { readFileSync } from 'node:fs'

import {
  type Auth,
  type Authenticator,
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'

import type { BufferSettings } from '../../../common/buffer-settings.ts'
import { BufferFault } from './fault.ts'

/** For what a process connects; the servers allow each no more than that (infra/nats/nats.conf). */
export type Purpose = 'ingest' | 'deliver' | 'operate'

/** Connects once, or rejects; from then on the library reconnects for as long as it takes. */
export function connectTo(settings: BufferSettings, purpose: Purpose): ReturnType<typeof connect> {
  const { servers, caFile, credentialsFile } = settings
  const options: ConnectionOptions = {
    servers: servers.map((server) => server.replace(/^\w+:\/\//, '')),
    name: `runmat-telemetry ${purpose}`,
    // So that none may read what is meant for another.
    inboxPrefix: inboxOf(purpose),
    // Only to those whom the operator named, and by the way in which this machine looks up names.
    ignoreClusterUpdates: true,
    resolve: false,
    timeout: 5000,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    reconnectJitterTLS: 250,
    // A server that is gone without a word is found out within 15 seconds.
    pingInterval: 5000,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(credentialsFile !== undefined && { authenticator: authenticatorOf(credentialsFile) }),
    ...(servers[0]?.startsWith('tls:') && {
      tls: caFile === undefined ? {} : { ca: textIn('BUFFER_CA_FILE', caFile) },
    }),
  }
  return connect(options)
}

export function inboxOf(purpose: Purpose): string {
  return `_INBOX.${purpose}`
}

/** Read anew at every connection, so that credentials can be exchanged while we run. */
function authenticatorOf(file: string): Authenticator {
  let last: Authenticator | undefined
  return (nonce): Auth => {
    try {
      last = authenticatorIn(textIn('BUFFER_CREDS_FILE', file))
    } catch (error) {
      // The moment in which the file is replaced.
      if (last === undefined) throw error
    }
    return last(nonce)
  }
}

function textIn(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new BufferFault(`the file of ${name} cannot be read`)
  }
}

/** A .creds file, the seed of an nkey, or `user:password`. */
export function authenticatorIn(text: string): Authenticator {
  if (text.includes('-----BEGIN NATS USER JWT-----')) return credsAuthenticator(Buffer.from(text))
  const line = text.trim()
  if (/^SU[A-Z2-7]{56}$/.test(line)) return nkeyAuthenticator(Buffer.from(line))
  const [, user, password] = /^([^:\s]+):(\S+)$/.exec(line) ?? []
  if (user !== undefined && password !== undefined) {
    return usernamePasswordAuthenticator(user, password)
  }
  throw new BufferFault('BUFFER_CREDS_FILE holds no .creds, no seed of an nkey, no user:password')
}
