import * as v from 'valibot'

import { fit, unwrap } from './fit.ts'

export type Kind = 'usage' | 'runtime' | 'install'

/** One field of an event, as it is explained to people. */
export interface FieldNote {
  readonly field: string
  readonly carries: string
  readonly why: string
  /** The words that can stand here, where it is one of a fixed list. */
  readonly values: readonly string[]
  /** The names that it can hold, and what each means where the name does not say it. */
  readonly names: readonly { readonly name: string; readonly meaning: string }[]
}

export interface Contract {
  readonly kind: Kind
  readonly title: string
  readonly fields: readonly FieldNote[]
  /** The values of `event_label` that belong to it; none where events bear no label. */
  readonly labels: readonly string[]
  /** The table itself, as valibot has it; for those who make documents and messages of it. */
  readonly schema: object
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

/** @internal */
export function contractOf(
  kind: Kind,
  title: string,
  schema: EventSchema,
  isPreview: (event: Readonly<Record<string, unknown>>) => boolean = () => false,
): Contract {
  const serialise = (candidate: unknown) => {
    const event = fit(schema, candidate)
    return event === undefined ? undefined : JSON.stringify(event)
  }
  return {
    kind,
    title,
    // For people to read, who can wait: those who make events cannot.
    get fields() {
      return Object.entries(schema.entries).map(([name, entry]) =>
        note(name, unwrap(entry as v.GenericSchema)),
      )
    },
    labels: labelsIn(schema),
    schema,
    serialise,
    recognise: (value) => {
      // What passes has the schema's names in the schema's order, as the serialiser's has.
      const { success, output } = v.safeParse(schema, value, { abortEarly: true })
      return success && !isPreview(output) ? JSON.stringify(output) : undefined
    },
  }
}

function labelsIn({ entries }: EventSchema): readonly string[] {
  const label = entries['event_label'] as
    | { literal?: string; options?: readonly string[] }
    | undefined
  return label?.options ?? (label?.literal === undefined ? [] : [label.literal])
}

function note(field: string, schema: v.GenericSchema): FieldNote {
  const { entries } = schema as { entries?: Record<string, v.GenericSchema> }
  return {
    field,
    carries: descriptionOf(schema),
    why: v.getMetadata(schema)['why'] as string,
    values: valuesOf(schema),
    names: Object.entries(entries ?? {}).map(([name, entry]) => {
      const inner = unwrap(entry)
      return { name, meaning: descriptionOf(inner) || valuesOf(inner).join(', ') }
    }),
  }
}

function descriptionOf(schema: v.GenericSchema): string {
  return v.getDescription(schema) ?? ''
}

function valuesOf(schema: v.GenericSchema): readonly string[] {
  const { options } = schema as { options?: readonly unknown[] }
  return (options ?? []).filter((option) => typeof option === 'string')
}
