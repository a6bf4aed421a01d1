import { readFileSync } from 'node:fs'

import {
  type Auth,
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'

import type { BufferSettings } from './settings.ts'
import { connectClosing } from './transport.ts'
import { BufferFault } from './trouble.ts'

/** Why a process connects. The servers grant each purpose only what it needs: infra/nats/nats.conf. */
export type Purpose = 'ingest' | 'deliver' | 'operate'

/** Connects once or rejects. From then on the library reconnects for as long as it takes. */
export function connectTo(settings: BufferSettings, purpose: Purpose): Promise<NatsConnection> {
  const { servers, caFile, credentialsFile } = settings
  const options: ConnectionOptions = {
    servers: servers.map((server) => server.replace(/^\w+:\/\//, '')),
    name: `runmat-telemetry ${purpose}`,
    // So that no purpose can read another's replies.
    inboxPrefix: inboxOf(purpose),
    // Connect only to servers the operator named, with this machine's own name lookup.
    ignoreClusterUpdates: true,
    resolve: false,
    timeout: 5000,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    reconnectJitterTLS: 250,
    // Notices a silently dead server within 15 seconds.
    pingInterval: 5000,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(credentialsFile !== undefined && { authenticator: authenticatorOf(credentialsFile) }),
    ...(servers[0]?.startsWith('tls:') && {
      tls: caFile === undefined ? {} : { ca: textIn('BUFFER_CA_FILE', caFile) },
    }),
  }
  return connectClosing(options)
}

export function inboxOf(purpose: Purpose): string {
  return `_INBOX.${purpose}`
}

/** Reads the file at every connection, so that credentials can be rotated while we run. */
function authenticatorOf(file: string): Authenticator {
  let last: Authenticator | undefined
  return (nonce): Auth => {
    try {
      last = authenticatorIn(textIn('BUFFER_CREDS_FILE', file))
    } catch (error) {
      // The file is being replaced right now.
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

/** Accepts a .creds file, an nkey seed or `user:password`. */
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
