import * as v from 'valibot'

/**
 * Brings a claim into the shape of a schema. An optional part that does not fit is left out; a
 * required one that does not fit leaves nothing of the whole. The result has the schema's names
 * in the schema's order, and only own values of the claim are looked at, each once.
 */
export function fit(schema: v.GenericSchema, claim: unknown): unknown {
  const fields = fieldsOf(schema)
  if (fields === undefined) return v.is(schema, claim) ? claim : undefined
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined
  const fitted: Record<string, unknown> = {}
  for (const { name, inner, isOptional } of fields) {
    const given = own(claim, name)
    const value = given === undefined ? undefined : fit(inner, given)
    if (value !== undefined) fitted[name] = value
    else if (!isOptional) return undefined
  }
  return fitted
}

interface Field {
  readonly name: string
  readonly inner: v.GenericSchema
  readonly isOptional: boolean
}

const known = new WeakMap<v.GenericSchema, readonly Field[]>()

/** Taken apart once, because a host does not wait. Undefined for what has no fields. */
function fieldsOf(schema: v.GenericSchema): readonly Field[] | undefined {
  const { entries } = schema as { entries?: Record<string, v.GenericSchema> }
  if (entries === undefined) return undefined
  const before = known.get(schema)
  if (before !== undefined) return before
  const fields = Object.entries(entries).map(([name, entry]) => ({
    name,
    inner: unwrap(entry),
    isOptional: entry.type === 'optional',
  }))
  known.set(schema, fields)
  return fields
}

/** What an optional part is when it is there. */
export function unwrap(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? (schema.wrapped as v.GenericSchema) : schema
}

function own(claim: object, name: string): unknown {
  try {
    return Object.hasOwn(claim, name) ? (claim as Record<string, unknown>)[name] : undefined
  } catch {
    // A host's getter or proxy that throws says nothing.
    return undefined
  }
}
