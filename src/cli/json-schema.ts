import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'

/** JSON Schema of an event, from the very table that builds events. */
export function jsonSchemaOf(title: string, schema: GenericSchema): Record<string, unknown> {
  return { title, ...toJsonSchema(schema, { target: 'draft-2020-12', errorMode: 'throw' }) }
}
