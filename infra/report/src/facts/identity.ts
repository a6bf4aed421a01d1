import { createHash } from 'node:crypto'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export const nil = '00000000-0000-0000-0000-000000000000'

/** An id in the form of a UUID. Ids of older installers have none; the same id gives the same UUID. */
export function identityOf(given: string): string {
  if (uuid.test(given)) return given
  const lower = given.toLowerCase()
  return uuid.test(lower) ? lower : derivedFrom(given)
}

export function derivedFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}
