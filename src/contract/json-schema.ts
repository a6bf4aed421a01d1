import type { Product } from '../product/product.ts'
import type { DocumentedKind, EventContract } from './contract.ts'
import { meaningsOf } from './dictionary.ts'
import type { Meaning } from './meanings.ts'
import type { Fields, MapValue, ObjectValue, Value } from './schema.ts'

type JsonSchema = Readonly<Record<string, unknown>>
type Meanings = Readonly<Record<string, Meaning>>

/** JSON Schema (draft 2020-12) of an event. Its `$comment` says why a field is collected. */
export function jsonSchemaOf(
  product: Product,
  contract: EventContract<DocumentedKind>,
): JsonSchema {
  const { title, schema } = contract
  return {
    title,
    ...objectSchema(schema.fields, meaningsOf(product, contract), ''),
    $schema: 'https://json-schema.org/draft/2020-12/schema',
  }
}

function objectSchema(fields: Fields, meanings: Meanings, within: string): JsonSchema {
  const properties = Object.entries(fields).map(([name, value]) => {
    const path = within + name
    const { carries, why, names = {} } = meanings[path] ?? {}
    const schema =
      value.kind === 'map'
        ? mapSchema(value, names)
        : value.kind === 'object'
          ? objectSchema(value.fields, meanings, `${path}.`)
          : leafSchema(value)
    return [name, { ...schema, description: carries, $comment: why }]
  })
  const required = Object.keys(fields).filter((name) => !fields[name]?.isOptional)
  return closed(Object.fromEntries(properties), required)
}

function mapSchema({ names, value }: MapValue, meanings: Readonly<Record<string, string>>) {
  const properties = names.map((name) => {
    const meaning = meanings[name]
    return [name, { ...leafSchema(value), ...(meaning && { description: meaning }) }]
  })
  return closed(Object.fromEntries(properties), [])
}

function closed(properties: JsonSchema, required: readonly string[]): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

function leafSchema(value: Exclude<Value, MapValue | ObjectValue>): JsonSchema {
  switch (value.kind) {
    case 'boolean':
      return { type: 'boolean' }
    case 'number': {
      const { most, isWhole } = value
      return { type: isWhole ? 'integer' : 'number', minimum: 0, maximum: most }
    }
    case 'constant':
      return { const: value.is }
    case 'words':
      return { enum: value.words, type: 'string' }
    case 'list': {
      const { of, most } = value
      return { type: 'array', items: leafSchema(of), minItems: 1, maxItems: most }
    }
    case 'text': {
      const { pattern, longest, or } = value
      const most = longest === undefined ? {} : { maxLength: longest }
      const text = { type: 'string', ...most, pattern: pattern.source }
      return or === undefined ? text : { anyOf: [text, { const: or }] }
    }
  }
}
