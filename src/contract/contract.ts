import {
  droppedFrom,
  type Fault,
  faultIn,
  fit,
  isExact,
  isObject,
  type JsonObject,
  type Shape,
  shapeOf,
} from './check.ts'
import type { ObjectValue } from './schema.ts'

/** The families of events that are recorded and queued. */
export type Kind = 'usage' | 'runtime' | 'install'

/** Those, and what `forget` posts, which is never recorded, queued or sent with events. */
export type DocumentedKind = Kind | 'erase'

/** One kind of event: what it may carry, and how it is checked. */
export interface EventContract<Of extends DocumentedKind = Kind> {
  readonly kind: Of
  readonly title: string
  /** The values of `event_label` that belong to it; none if its events have no label. */
  readonly labels: readonly string[]
  readonly schema: ObjectValue
  /** What fits of a claim; undefined if a required part does not. See check.ts. */
  readonly fit: (claim: unknown) => JsonObject | undefined
  /** The parts of a claim that are not in the event which `fit` made of it. */
  readonly droppedFrom: (claim: JsonObject, event: JsonObject) => readonly string[]
  /** Is a parsed value exactly what `fit` makes, in its order, with nothing to drop? */
  readonly isExact: (value: unknown) => boolean
  /** Why a value is not an event. If it may contain more than fits, only a required part is a fault. */
  readonly faultIn: (value: unknown, mayHoldMore?: boolean) => Fault | undefined
  /** Is it only a preview of an event? A preview is never sent. */
  readonly isPreview: (event: JsonObject) => boolean
  /** What `fit` makes, as the bytes that may leave. */
  readonly serialise: Serialise
  /**
   * The bytes of an event that may be sent, or undefined if the value is not one of this family:
   * something is missing or added, or it is only a preview.
   */
  readonly recognise: (value: unknown) => string | undefined
}

/**
 * The only serialiser. Takes what a host claims and returns the bytes that may be sent, or undefined
 * if they can't be a valid event. What does not fit is dropped, never changed.
 */
export type Serialise = (claim: unknown) => string | undefined

export function serialiserOf(shape: Shape): Serialise {
  return (claim) => {
    const event = fit(shape, claim)
    return event && JSON.stringify(event)
  }
}

/** @internal */
export function contractOf<Of extends DocumentedKind>(
  kind: Of,
  title: string,
  schema: ObjectValue,
  isPreview: EventContract['isPreview'],
): EventContract<Of> {
  const shape = shapeOf(schema.fields)
  const problem = (value: unknown, mayHoldMore?: boolean): Fault | undefined =>
    isObject(value)
      ? faultIn(shape, value, mayHoldMore)
      : { field: '', wanted: schema, given: value }
  return {
    kind,
    title,
    labels: labelsIn(schema),
    schema,
    fit: (claim) => fit(shape, claim),
    droppedFrom: (claim, event) => droppedFrom(shape, claim, event),
    isExact: (value) => isExact(shape, value),
    faultIn: problem,
    isPreview,
    serialise: serialiserOf(shape),
    recognise: (value) => {
      const event = problem(value) ? undefined : fit(shape, value)
      return event && !isPreview(event) ? JSON.stringify(event) : undefined
    },
  }
}

function labelsIn({ fields: { event_label: label } }: ObjectValue): readonly string[] {
  if (label?.kind === 'words') return label.words
  return label?.kind === 'constant' ? [String(label.is)] : []
}

/** A contract depends on the product only. It is made once per product, when first needed. */
export function oncePerProduct<Of extends object, T>(make: (product: Of) => T): (product: Of) => T {
  const made = new WeakMap<Of, { readonly value: T }>()
  return (product) => {
    const known = made.get(product) ?? { value: make(product) }
    made.set(product, known)
    return known.value
  }
}
