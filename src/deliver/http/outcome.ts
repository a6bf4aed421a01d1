import { codeOf } from '../../files/errors.ts'

/** How one post ended. Only `delivered` allows the event to be deleted. */
export type PostOutcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly reason: FailureReason }

export function failed(reason: FailureReason): PostOutcome {
  return { kind: 'failed', reason }
}

/** For people and for `status`. Contains nothing from outside except a number. */
export function describe(outcome: PostOutcome): string {
  switch (outcome.kind) {
    case 'delivered':
      return 'delivered'
    case 'answered':
      return `the collector answered ${outcome.status}`
    case 'failed':
      return `failed: ${outcome.reason}`
  }
}

/** A closed list, so that no address, key or header can end up in a message or on disk. */
const all = [
  'timeout',
  'refused',
  'reset',
  'unreachable',
  'name not found',
  'certificate',
  'tls',
  'protocol',
  'proxy unusable',
  'proxy unreachable',
  'proxy authentication',
  'proxy refused',
  'invalid request',
  'closed',
  'network',
] as const

export type FailureReason = (typeof all)[number]

const families: readonly (readonly [RegExp, FailureReason])[] = [
  [/^ETIMEDOUT$/, 'timeout'],
  [/^ECONNREFUSED$/, 'refused'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE)$/, 'reset'],
  [/^(ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL|EACCES|EPERM)$/, 'unreachable'],
  [/^(ENOTFOUND|EAI_\w+)$/, 'name not found'],
  [/^HPE_/, 'protocol'],
  [/^ERR_TLS_CERT_/, 'certificate'],
  [/^(EPROTO$|ERR_SSL_|ERR_TLS_)/, 'tls'],
  [/^(ERR_HTTP_INVALID_|ERR_INVALID_|ERR_UNESCAPED_)/, 'invalid request'],
  // OpenSSL's names for what can be wrong with a certificate share no prefix.
  [
    /CERT|^UNABLE_TO_|^CRL_|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_/,
    'certificate',
  ],
]

/** One of our own errors, whose reason `reasonOf` uses as it is. */
export function fault(reason: FailureReason): Error {
  return Object.assign(new Error(reason), { code: reason })
}

export function reasonOf(error: unknown): FailureReason {
  const code = codeOf(error)
  return (
    all.find((reason) => reason === code) ??
    families.find(([pattern]) => pattern.test(code))?.[1] ??
    'network'
  )
}
