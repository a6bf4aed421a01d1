import { codeOf } from '../files/cause.ts'

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

export type Reason = (typeof all)[number]

const families: readonly (readonly [RegExp, Reason])[] = [
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

/** An error of our own that `reasonOf` takes at its word. */
export function fault(reason: Reason): Error {
  return Object.assign(new Error(reason), { code: reason })
}

export function reasonOf(error: unknown): Reason {
  const code = codeOf(error)
  return (
    all.find((reason) => reason === code) ??
    families.find(([pattern]) => pattern.test(code))?.[1] ??
    'network'
  )
}
