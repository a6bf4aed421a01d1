import * as v from 'valibot'

/** The few kinds of value that may travel. None of them can hold free text. */

export const count = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(Number.MAX_SAFE_INTEGER),
)

/** A share of a whole. */
export const ratio = v.pipe(v.number(), v.minValue(0), v.maxValue(1))

/** Milliseconds since 1970, up to the year 9999. */
export const milliseconds = v.pipe(count, v.maxValue(253_402_300_799_999))

/** A stable name of an error, such as `Area:UndefinedFunction`. No spaces, so no sentences. */
export const identifier = v.pipe(
  v.string(),
  v.maxLength(96),
  v.regex(/^[A-Za-z][A-Za-z0-9_]*([:.][A-Za-z0-9_]+){0,7}$/),
)

/** One of our own parts, such as `name_resolution`. */
export const component = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,47}$/))

/** What a driver calls its device or itself. No slashes, so no paths; no @, so no addresses. */
export const deviceText = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9 ().,+_-]{0,63}$/))

/** A release target, such as `linux-x86_64`. */
export const platformName = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9]{1,11}-[a-z0-9_]{2,12}(-[a-z0-9]{2,8})?$/),
)

/** To the second, in UTC: nobody needs to know more precisely when somebody worked. */
export const moment = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/))

/** Random (version 4) UUIDs only: other versions can carry a network address or a name. */
export const randomUuid = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
)

export const nilUuid = '00000000-0000-0000-0000-000000000000'

/** In a preview zeros stand for an id that is not made yet. */
export const clientId = v.union([randomUuid, v.literal(nilUuid)])

export const version = v.pipe(
  v.string(),
  v.maxLength(48),
  v.regex(/^v?\d{1,6}\.\d{1,6}(\.\d{1,6})?([-+][0-9A-Za-z.+-]{1,32})?$/),
)

export function oneOf<const Names extends readonly string[]>(
  names: Names,
): v.PicklistSchema<Names, undefined> {
  return v.picklist(names)
}

/** An object of which each allowlisted name may be there, and no other. */
export function each(names: readonly string[], value: v.GenericSchema): v.GenericSchema {
  return v.strictObject(Object.fromEntries(names.map((name) => [name, v.optional(value)])))
}

/** A field with its explanation, from which the documents are made. */
export function field<S extends v.GenericSchema>(schema: S, carries: string, why: string) {
  return v.pipe(schema, v.description(carries), v.metadata({ why }))
}
