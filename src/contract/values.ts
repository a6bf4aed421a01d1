import type { BooleanValue, NumberValue, TextValue } from './schema.ts'

/** The kinds of value in events. None of them allows free text. */

export const flag: BooleanValue = { kind: 'boolean' }

export const count: NumberValue = {
  kind: 'number',
  most: Number.MAX_SAFE_INTEGER,
  isWhole: true,
}

/** A share of a whole. */
export const ratio: NumberValue = { kind: 'number', most: 1, isWhole: false }

/** Milliseconds since 1970, up to the year 9999. */
export const milliseconds: NumberValue = { ...count, most: 253_402_300_799_999 }

/** Replaces an error identifier that a user's own program chose, which would be free text. */
export const userIdentifier = 'user'

/** A stable name of an error in one of these namespaces, or `user`. No spaces, so no sentences. */
export function identifierIn(namespaces: readonly string[]): TextValue {
  const own = `(${namespaces.join('|')})([:.][A-Za-z0-9_-]+){1,7}`
  return { kind: 'text', pattern: new RegExp(`^(${userIdentifier}|${own})$`), longest: 96 }
}

/** One of our own parts, such as `name_resolution`. */
export const component: TextValue = { kind: 'text', pattern: /^[a-z][a-z0-9_]{0,47}$/ }

/**
 * The name of a device or driver. No slashes except those at the end of OpenGL's names, so no paths;
 * no @, so no mail addresses.
 */
export const deviceText: TextValue = {
  kind: 'text',
  pattern: /^[A-Za-z0-9][A-Za-z0-9 ().,+_-]{0,63}(\/(PCIe?|AGP)(\/(SSE2?|3DNOW!?))?)?$/,
}

/** A release target, such as `linux-x86_64`. */
export const platformName: TextValue = {
  kind: 'text',
  pattern: /^[a-z][a-z0-9]{1,11}-[a-z0-9_]{2,12}(-[a-z0-9]{2,8})?$/,
}

/** To the second, in UTC. More precision would say more than necessary about a person's work. */
export const moment: TextValue = { kind: 'text', pattern: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/ }

/** Random (version 4) UUIDs only: other versions can carry a network address or a name. */
export const uuid: TextValue = {
  kind: 'text',
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
}

export const nilUuid = '00000000-0000-0000-0000-000000000000'

/** In a preview, zeros take the place of an id that was not made yet. */
export const clientId: TextValue = { ...uuid, or: nilUuid }

export const version: TextValue = {
  kind: 'text',
  pattern: /^v?\d{1,6}\.\d{1,6}(\.\d{1,6})?([-+][0-9A-Za-z.+-]{1,32})?$/,
  longest: 48,
}
