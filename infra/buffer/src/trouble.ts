import { JetStreamApiError } from '@nats-io/jetstream'
import { errors } from '@nats-io/transport-node'
import type { Trouble } from 'runmat-telemetry-common/sink'

/** A fault of the buffer that an operator must fix. The message is entirely our own words. */
export class BufferFault extends Error {
  override readonly name = 'BufferFault'
}

/** Why the buffer can't be used, in our own words: errors may quote what came from outside. */
export function troubleOf(error: unknown): Trouble {
  return { cause: `buffer: ${causeOf(error)}` }
}

function causeOf(error: unknown): string {
  if (error instanceof BufferFault) return error.message
  if (error instanceof JetStreamApiError) return causeOfCode(error.code)
  if (error instanceof errors.AuthorizationError) return 'the credentials are refused'
  if (error instanceof errors.PermissionViolationError) {
    return 'the credentials do not allow what is needed'
  }
  if (error instanceof errors.TimeoutError) return 'no answer in time'
  const code = codeIn(error)
  if (/CERT|TLS|SSL|SIGNATURE|ALTNAME/.test(code)) return `TLS: ${code}`
  return error instanceof errors.RequestError ? 'the stream is away' : 'no server can be reached'
}

/** JetStream's own error codes, which don't change. */
export function causeOfCode(code: number): string {
  switch (code) {
    case 10_023:
    case 10_047:
      return 'the servers have no room for the stream'
    case 10_077:
      return 'the stream is full'
    case 10_005:
    case 10_074:
      return 'there are fewer servers than the stream is to have replicas (BUFFER_REPLICAS)'
    case 10_059:
      return 'the stream is away'
    default:
      return `JetStream answered with error ${code}`
  }
}

function codeIn(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? '' : codeIn(cause)
}
