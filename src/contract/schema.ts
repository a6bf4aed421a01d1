/**
 * What an event may contain, as plain data. No kind of value allows free text, and an object has the
 * listed fields and no others. `check.ts` interprets this; the JSON Schema, the documents and the
 * dictionary are generated from it.
 */
export type Value =
  | BooleanValue
  | NumberValue
  | ConstantValue
  | WordsValue
  | TextValue
  | ListValue
  | MapValue
  | ObjectValue

export interface BooleanValue {
  readonly kind: 'boolean'
}

/** From 0 on: nothing that is counted or measured here can be less. */
export interface NumberValue {
  readonly kind: 'number'
  readonly most: number
  readonly isWhole: boolean
}

export interface ConstantValue {
  readonly kind: 'constant'
  readonly is: string | number
}

/** One word of a fixed list. */
export interface WordsValue {
  readonly kind: 'words'
  readonly words: readonly string[]
}

/** Text of one form. The pattern has no flags and covers the whole text. */
export interface TextValue {
  readonly kind: 'text'
  readonly pattern: RegExp
  readonly longest?: number
  /** One text that may stand there as well, whatever its form. */
  readonly or?: string
}

/** One to `most` texts of one form. */
export interface ListValue {
  readonly kind: 'list'
  readonly of: TextValue
  readonly most: number
}

/** Each of the names is optional. All have the same kind of value. */
export interface MapValue {
  readonly kind: 'map'
  readonly names: readonly string[]
  readonly value: BooleanValue | NumberValue
}

/** The order of the fields is the order on the wire. */
export interface ObjectValue<Of extends Fields = Fields> {
  readonly kind: 'object'
  readonly fields: Of
}

export interface Fields {
  readonly [name: string]: Field
}

/** A value that does not fit is left out if its field is optional. If not, there is no event. */
export type Field = Value & { readonly isOptional?: true }

/** The name of every field, those inside objects as `payload.duration_us`. */
export type Paths<Of extends Fields> = {
  [Name in keyof Of & string]: Of[Name] extends ObjectValue<infer Inner>
    ? Name | `${Name}.${Paths<Inner>}`
    : Name
}[keyof Of & string]

export function object<const Of extends Fields>(fields: Of): ObjectValue<Of> {
  return { kind: 'object', fields }
}

export function optional<const Of extends Value>(value: Of): Of & { readonly isOptional: true } {
  return { ...value, isOptional: true }
}

export function map(names: readonly string[], value: MapValue['value']): MapValue {
  return { kind: 'map', names, value }
}

export function list(of: TextValue, most: number): ListValue {
  return { kind: 'list', of, most }
}

export function oneOf(words: readonly string[]): WordsValue {
  return { kind: 'words', words }
}

export function constant(is: string | number): ConstantValue {
  return { kind: 'constant', is }
}
