import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'

type Override = NonNullable<NonNullable<Parameters<typeof toJsonSchema>[1]>['overrideAction']>

/** The standard's own word for what is said beside the rules; others are refused by strict tools. */
const overrideAction: Override = ({ valibotAction, jsonSchema }) => {
  const { metadata } = valibotAction as { metadata?: { why?: string } }
  if (metadata?.why === undefined) return undefined
  const { why: _, ...rest } = jsonSchema as { why?: string }
  return { ...rest, $comment: metadata.why }
}

/** JSON Schema of an event, from the very table that builds events. */
export function jsonSchemaOf(title: string, schema: GenericSchema): Record<string, unknown> {
  return {
    title,
    ...toJsonSchema(schema, { target: 'draft-2020-12', errorMode: 'throw', overrideAction }),
  }
}
