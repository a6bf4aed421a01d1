type Schema = Readonly<Record<string, unknown>>

/** What says something to readers and nothing to a validator. */
const notes = new Set([
  '$schema',
  '$comment',
  'title',
  'description',
  'why',
  'required',
  'properties',
])

/**
 * Does a value fit a JSON Schema? Knows the keywords that our schemas use, and throws on any other,
 * so that nothing in a schema goes unchecked.
 */
export function fits(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, limit]) => {
    if (notes.has(keyword)) return true
    const rule = rules[keyword]
    if (rule === undefined) throw new Error(`unknown keyword: ${keyword}`)
    return rule(limit as never, value, schema)
  })
}

const rules: Readonly<Record<string, (limit: never, value: unknown, schema: Schema) => boolean>> = {
  type: (type: string, value) => isOfType(type, value),
  const: (only: unknown, value) => value === only,
  enum: (names: readonly unknown[], value) => names.includes(value),
  anyOf: (some: readonly Schema[], value) => some.some((schema) => fits(schema, value)),
  pattern: (source: string, value) =>
    typeof value !== 'string' || new RegExp(source, 'u').test(value),
  maxLength: (most: number, value) => typeof value !== 'string' || value.length <= most,
  minimum: (least: number, value) => typeof value !== 'number' || value >= least,
  maximum: (most: number, value) => typeof value !== 'number' || value <= most,
  additionalProperties: (_: false, value, schema) => isClosed(schema, value),
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

/** Our objects have what is required, what is named, and no more. */
function isClosed({ properties, required }: Schema, value: unknown): boolean {
  if (!isOfType('object', value)) return true
  const members = Object.entries(value as object)
  const named = properties as Readonly<Record<string, Schema>>
  return (
    (required as readonly string[]).every((name) => Object.hasOwn(value as object, name)) &&
    members.every(([name, one]) => Object.hasOwn(named, name) && fits(named[name] ?? {}, one))
  )
}
