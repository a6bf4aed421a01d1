import { type Check, checkOf, type Schema } from './schema.ts'

export type Fields = Record<string, unknown>

/** What became of a claim, besides the event. */
export interface Findings {
  /** Parts that were there and are not in the event. */
  dropped: number
  /** The first required field that is missing or does not fit. */
  fault: string | undefined
}

/**
 * A schema with what it asks looked up once, and not for every event: that takes a fifth of the
 * time. A test holds it side by side with the contract itself.
 */
export interface Shape {
  /** Is it what the contract makes, in its order, with nothing to drop? */
  readonly isExact: Check
  /** What fits of a claim, or undefined where something required does not: the contract's `fit`. */
  readonly fit: (claim: unknown, findings: Findings) => Fields | undefined
}

interface Part {
  readonly name: string
  readonly path: string
  readonly required: boolean
  readonly isExact: Check
  readonly fit: (value: unknown, findings: Findings) => unknown
}

export function shapeOf(schema: Schema, path = ''): Shape {
  const parts = Object.entries(schema.entries ?? {}).map(([name, entry]) =>
    partOf(name, path + name, entry),
  )
  return {
    isExact: (claim) => isObject(claim) && isExact(claim, parts),
    fit: (claim, findings) => (isObject(claim) ? fit(claim, parts, findings) : undefined),
  }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function partOf(name: string, path: string, entry: Schema): Part {
  const required = entry.type !== 'optional'
  const schema = required ? entry : (entry.wrapped ?? entry)
  if (schema.entries !== undefined) return { name, path, required, ...shapeOf(schema, `${path}.`) }
  const check = checkOf(schema)
  return {
    name,
    path,
    required,
    isExact: check,
    fit: (value) => (check(value) ? value : undefined),
  }
}

function isExact(claim: Fields, parts: readonly Part[]): boolean {
  let at = 0
  for (const name in claim) {
    let part = parts[at]
    while (part !== undefined && part.name !== name) {
      if (part.required) return false
      at += 1
      part = parts[at]
    }
    if (part === undefined || !part.isExact(claim[name])) return false
    at += 1
  }
  return !parts.slice(at).some(({ required }) => required)
}

function fit(claim: Fields, parts: readonly Part[], findings: Findings): Fields | undefined {
  const event: Fields = {}
  let seen = 0
  for (const part of parts) {
    const value = Object.hasOwn(claim, part.name) ? claim[part.name] : undefined
    if (value !== undefined) seen += 1
    const fitted = value === undefined ? undefined : part.fit(value, findings)
    if (fitted !== undefined) {
      event[part.name] = fitted
    } else if (part.required) {
      findings.fault ??= part.path
      return undefined
    } else if (value !== undefined && value !== null) {
      // Whatever was wrong inside, the event goes on without it.
      findings.fault = undefined
      findings.dropped += 1
    }
  }
  findings.dropped += Object.keys(claim).length - seen
  return event
}
