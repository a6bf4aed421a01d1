import * as v from 'valibot'

/**
 * Brings a claim into the shape of a schema. An optional part that does not fit is left out; a
 * required one that does not fit leaves nothing of the whole. The result has the schema's names
 * in the schema's order, and only own values of the claim are looked at, each once.
 */
export function fit(schema: v.GenericSchema, claim: unknown): unknown {
  const { entries } = schema as { entries?: Record<string, v.GenericSchema> }
  if (entries === undefined) {
    const result = v.safeParse(schema, claim)
    return result.success ? result.output : undefined
  }
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined
  const fitted: Record<string, unknown> = {}
  for (const [name, entry] of Object.entries(entries)) {
    const value = fit(unwrap(entry), own(claim, name))
    if (value !== undefined) fitted[name] = value
    else if (entry.type !== 'optional') return undefined
  }
  return fitted
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
