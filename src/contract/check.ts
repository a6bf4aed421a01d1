import { type Field, type Fields, optional, type Value } from './schema.ts'

export type JsonObject = Record<string, unknown>

/** A schema with everything looked up that does not change from event to event. */
export type Shape = readonly Part[]

interface Part {
  readonly name: string
  readonly value: Field
  /** What is inside an object or a map. */
  readonly inner: Shape | undefined
}

/** The first thing that keeps a value from being an event. */
export interface Fault {
  /** The field's name, inside objects as `payload.duration_us`; empty for the whole. */
  readonly field: string
  /** The values that are allowed; undefined if there is no such field. */
  readonly wanted: Value | undefined
  readonly given: unknown
}

export function shapeOf(fields: Fields): Shape {
  return Object.entries(fields).map(([name, value]) => {
    const inner = fieldsOf(value)
    return { name, value, inner: inner && shapeOf(inner) }
  })
}

/** The fields of an object, or of a map, whose fields are all optional. */
export function fieldsOf(value: Value): Fields | undefined {
  if (value.kind === 'object') return value.fields
  if (value.kind !== 'map') return undefined
  return Object.fromEntries(value.names.map((name) => [name, optional(value.value)]))
}

/** Is this value allowed here? Of an object this only checks that it is one. */
export function accepts(value: Value, given: unknown): boolean {
  switch (value.kind) {
    case 'boolean':
      return typeof given === 'boolean'
    case 'number':
      return (
        typeof given === 'number' &&
        given >= 0 &&
        given <= value.most &&
        (!value.isWhole || Number.isInteger(given))
      )
    case 'constant':
      return given === value.is
    case 'words':
      return value.words.includes(given as string)
    case 'text':
      return (
        typeof given === 'string' &&
        (given === value.or ||
          (given.length <= (value.longest ?? given.length) && value.pattern.test(given)))
      )
    case 'list':
      return (
        Array.isArray(given) &&
        given.length > 0 &&
        given.length <= value.most &&
        given.every((one) => accepts(value.of, one))
      )
    default:
      return isObject(given)
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Makes an event of what a host claims. An optional part that does not fit is left out. If a required
 * part does not fit, there is no event. The result has the schema's names in the schema's order. Only
 * own properties of the claim are read, each once.
 */
export function fit(shape: Shape, claim: unknown): JsonObject | undefined {
  if (!isObject(claim)) return undefined
  const event: JsonObject = {}
  for (const { name, value, inner } of shape) {
    const given = own(claim, name)
    const fitted = inner ? fit(inner, given) : accepts(value, given) ? given : undefined
    if (fitted !== undefined) event[name] = fitted
    else if (!value.isOptional) return undefined
  }
  return event
}

/**
 * Is the value exactly what `fit` would return for it? Only for values from `JSON.parse`: others can
 * have getters, which may return something else the next time.
 */
export function isExact(shape: Shape, value: unknown): boolean {
  if (!isObject(value)) return false
  let at = 0
  for (const name in value) {
    let part = shape[at]
    while (part !== undefined && part.name !== name) {
      if (!part.value.isOptional) return false
      at += 1
      part = shape[at]
    }
    if (part === undefined) return false
    const given = value[name]
    if (part.inner ? !isExact(part.inner, given) : !accepts(part.value, given)) return false
    at += 1
  }
  return shape.slice(at).every((part) => part.value.isOptional)
}

/**
 * Why a value is not an event, whatever its order of fields; undefined if it is one. If a claim may
 * contain more than fits, only a required part is a fault.
 */
export function faultIn(
  shape: Shape,
  value: JsonObject,
  mayHoldMore = false,
  prefix = '',
): Fault | undefined {
  for (const { name, value: wanted, inner } of shape) {
    const given = own(value, name)
    if (wanted.isOptional && (mayHoldMore || given === undefined)) continue
    const field = prefix + name
    if (!accepts(wanted, given)) return { field, wanted, given }
    const fault = inner && faultIn(inner, given as JsonObject, mayHoldMore, `${field}.`)
    if (fault) return fault
  }
  const unknown = mayHoldMore ? undefined : Object.keys(value).find((name) => !isIn(shape, name))
  return unknown === undefined
    ? undefined
    : { field: prefix + unknown, wanted: undefined, given: undefined }
}

/** The parts of a claim that are not in the event made of it. An optional field may be null. */
export function droppedFrom(
  shape: Shape,
  claim: JsonObject,
  event: JsonObject,
  prefix = '',
): readonly string[] {
  const dropped: string[] = []
  for (const name of Object.keys(claim)) {
    const kept = own(event, name)
    if (kept === undefined) {
      if (claim[name] !== null || !isIn(shape, name)) dropped.push(prefix + name)
    } else if (isObject(kept)) {
      const inner = shape.find((part) => part.name === name)?.inner ?? []
      dropped.push(...droppedFrom(inner, claim[name] as JsonObject, kept, `${prefix + name}.`))
    }
  }
  return dropped
}

function isIn(shape: Shape, name: string): boolean {
  return shape.some((part) => part.name === name)
}

function own(claim: object, name: string): unknown {
  try {
    return Object.hasOwn(claim, name) ? (claim as JsonObject)[name] : undefined
  } catch {
    // A getter or proxy of the host threw: its value is missing.
    return undefined
  }
}
