import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'

import type { Contract } from '../contract/contract.ts'

type Override = NonNullable<NonNullable<Parameters<typeof toJsonSchema>[1]>['overrideAction']>

/** The standard's own word for what is said beside the rules; others are refused by strict tools. */
const overrideAction: Override = ({ valibotAction, jsonSchema }) => {
  const { metadata } = valibotAction as { metadata?: { why?: string } }
  if (metadata?.why === undefined) return undefined
  const { why: _, ...rest } = jsonSchema as { why?: string }
  return { ...rest, $comment: metadata.why }
}

/** JSON Schema of an event, from the very table that builds events. */
export function jsonSchemaOf({ title, schema }: Contract): Record<string, unknown> {
  const options = { target: 'draft-2020-12', errorMode: 'throw', overrideAction } as const
  return { title, ...toJsonSchema(schema as GenericSchema, options) }
}
