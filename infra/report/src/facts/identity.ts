import { createHash } from 'node:crypto'

import { uuidOfDigest } from 'runmat-telemetry/contract'

export const nil = '00000000-0000-0000-0000-000000000000'

/** An id in the form of a UUID. Ids of older installers have none; the same id gives the same UUID. */
export function identityOf(given: string): string {
  if (isUuid(given)) return given
  const lower = given.toLowerCase()
  return isUuid(lower) ? lower : derivedFrom(given)
}

const [dash, zero, nine, a, f] = ['-', '0', '9', 'a', 'f'].map((one) => one.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
]

/** In lower case. There are three for each event: a regular expression takes several times longer. */
export function isUuid(text: string): boolean {
  if (text.length !== 36) return false
  for (let at = 0; at < 36; at += 1) {
    const code = text.charCodeAt(at)
    const isDash = at === 8 || at === 13 || at === 18 || at === 23
    if (isDash ? code !== dash : !((code >= zero && code <= nine) || (code >= a && code <= f))) {
      return false
    }
  }
  return true
}

/** What installers wrote where there was no `uuidgen`: the time and a PID, or `anon-…`. */
const olderForm = /^(?:(?:[a-z0-9._-]+-)?\d{9,11}-\d{1,7}|anon-[a-z0-9-]{1,64})$/

/** Does it look like an id that a client has sent? */
export function isId(given: string): boolean {
  const id = given.toLowerCase()
  return isUuid(id) || olderForm.test(id)
}

export function derivedFrom(text: string): string {
  return uuidOfDigest(createHash('sha256').update(text).digest('hex'))
}
