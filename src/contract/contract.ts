import * as v from 'valibot'

import { fit } from './fit.ts'

export type Kind = 'usage'

/** One field of an event, as it is explained to people. */
export interface FieldNote {
  readonly field: string
  readonly carries: string
  readonly why: string
  /** The names or values that can stand here, where there is a fixed list. */
  readonly allowed: readonly string[]
}

export interface Contract {
  readonly kind: Kind
  readonly title: string
  readonly fields: readonly FieldNote[]
  /**
   * The one serialiser. Takes whatever a host claims and gives the bytes that may leave, or
   * undefined where no valid event can be made of it. What does not fit is dropped, never bent.
   */
  readonly serialise: (candidate: unknown) => string | undefined
  /**
   * The bytes of a parsed event that may be sent, or undefined where it is none of this family:
   * something missing, something added, or only a preview.
   */
  readonly recognise: (value: unknown) => string | undefined
}

type EventSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>

export function contractOf(
  kind: Kind,
  title: string,
  schema: EventSchema,
  isPreview: (event: Readonly<Record<string, unknown>>) => boolean,
): Contract {
  const serialise = (candidate: unknown) => {
    const event = fit(schema, candidate)
    return event === undefined ? undefined : JSON.stringify(event)
  }
  return {
    kind,
    title,
    fields: Object.entries(schema.entries).map(([name, entry]) => note(name, entry)),
    serialise,
    recognise: (value) => (v.is(schema, value) && !isPreview(value) ? serialise(value) : undefined),
  }
}

function note(field: string, schema: unknown): FieldNote {
  const described = schema as Parameters<typeof v.getDescription>[0]
  const { why } = v.getMetadata(described) as { why?: string }
  return {
    field,
    carries: v.getDescription(described) ?? '',
    why: why ?? '',
    allowed: namesIn(described),
  }
}

function namesIn(schema: object): readonly string[] {
  const { options, entries } = schema as { options?: unknown; entries?: object }
  if (entries !== undefined) return Object.keys(entries)
  const list: readonly unknown[] = Array.isArray(options) ? options : []
  return list.filter((option) => typeof option === 'string')
}
