import type { Product } from '../product/product.ts'
import { fieldsOf } from './check.ts'
import type { DocumentedKind, EventContract } from './contract.ts'
import { eraseMeanings } from './erase.ts'
import { installMeanings } from './install-meanings.ts'
import { firstVersion, type Meaning, type Question, questions } from './meanings.ts'
import { finishedMeanings, startedMeanings } from './runtime-meanings.ts'
import { runStarted } from './runtime.ts'
import type { Field, Fields, Value } from './schema.ts'
import { usageMeanings } from './usage-meanings.ts'

/** One field of an event, as it is explained to people. */
export interface FieldNote {
  readonly field: string
  readonly carries: string
  readonly why: string
  /** The allowed words, if the value is one of a fixed list. */
  readonly values: readonly string[]
  /** The names that it can contain, each with its meaning unless the name says it. */
  readonly names: readonly { readonly name: string; readonly meaning: string }[]
}

/** Everything that is known about one field, on any level. */
export interface DictionaryField {
  /** Inside objects as `payload.duration_us`. */
  readonly field: string
  readonly required: boolean
  /** The allowed values. */
  readonly value: ValueNote
  readonly carries: string
  readonly why: string
  /** The questions that it helps to answer. */
  readonly answers: readonly Question[]
  /** The version of these tools that collected it first. */
  readonly since: string
  /** What the names inside mean, where they do not say it themselves. */
  readonly meanings?: Readonly<Record<string, string>>
}

/** A kind of value, and its limits: only those that it has. */
export interface ValueNote {
  readonly type: 'boolean' | 'integer' | 'number' | 'text' | 'list' | 'object'
  readonly minimum?: number
  readonly maximum?: number
  /** The only allowed values; with a pattern, additional ones. */
  readonly values?: readonly (string | number)[]
  readonly pattern?: string
  readonly max_length?: number
  /** Each of these names is allowed, with such a value. */
  readonly names?: readonly string[]
  /** Of a list, how many it holds at most. */
  readonly max_items?: number
  /** Of a list, each item. */
  readonly each?: ValueNote
}

export interface Dictionary {
  readonly product: string
  readonly questions: Readonly<Record<Question, string>>
  readonly events: readonly {
    readonly family: DocumentedKind
    readonly title: string
    readonly labels: readonly string[]
    readonly fields: readonly DictionaryField[]
  }[]
}

/** All that the product collects. */
export function dictionaryOf(
  product: Product,
  contracts: readonly EventContract<DocumentedKind>[],
): Dictionary {
  return {
    product: product.id,
    questions,
    events: contracts.map((contract) => ({
      family: contract.kind,
      title: contract.title,
      labels: contract.labels,
      fields: describedFields(contract.schema.fields, meaningsOf(product, contract)),
    })),
  }
}

/** @internal */
export function meaningsOf(
  product: Product,
  { kind, labels }: Pick<EventContract<DocumentedKind>, 'kind' | 'labels'>,
): Readonly<Record<string, Meaning>> {
  switch (kind) {
    case 'usage':
      return usageMeanings(product)
    case 'runtime':
      return labels.includes(runStarted) ? startedMeanings : finishedMeanings
    case 'install':
      return installMeanings
    case 'erase':
      return eraseMeanings
  }
}

function describedFields(
  fields: Fields,
  meanings: Readonly<Record<string, Meaning>>,
  within = '',
): readonly DictionaryField[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const field = within + name
    const { carries, why, answers, since = firstVersion, names } = meaningAt(meanings, field)
    const required = !value.isOptional
    const described: DictionaryField = {
      field,
      required,
      value: valueNote(value),
      carries,
      why,
      answers,
      since,
      ...(names && { meanings: names }),
    }
    return value.kind === 'object'
      ? [described].concat(describedFields(value.fields, meanings, `${field}.`))
      : [described]
  })
}

function meaningAt(meanings: Readonly<Record<string, Meaning>>, path: string): Meaning {
  const meaning = meanings[path]
  if (meaning === undefined) throw new Error(`nothing says what ${path} means`)
  return meaning
}

function valueNote(value: Value): ValueNote {
  switch (value.kind) {
    case 'boolean':
      return { type: 'boolean' }
    case 'number':
      return {
        type: value.isWhole ? 'integer' : 'number',
        minimum: 0,
        maximum: value.most,
      }
    case 'constant':
      return { type: typeof value.is === 'number' ? 'integer' : 'text', values: [value.is] }
    case 'words':
      return { type: 'text', values: value.words }
    case 'text': {
      const { pattern, longest, or } = value
      return {
        type: 'text',
        pattern: pattern.source,
        ...(longest !== undefined && { max_length: longest }),
        ...(or !== undefined && { values: [or] }),
      }
    }
    case 'list':
      return { type: 'list', max_items: value.most, each: valueNote(value.of) }
    case 'map':
      return { type: 'object', names: value.names, each: valueNote(value.value) }
    case 'object':
      return { type: 'object', names: Object.keys(value.fields) }
  }
}

/** @internal */
export function notesOn(
  product: Product,
  contract: EventContract<DocumentedKind>,
): readonly FieldNote[] {
  const meanings = meaningsOf(product, contract)
  return Object.entries(contract.schema.fields).map(([field, value]) => {
    const { carries, why, names = {} } = meaningAt(meanings, field)
    return {
      field,
      carries,
      why,
      values: wordsOf(value),
      names: Object.entries(fieldsOf(value) ?? {}).map(([name, inner]) => ({
        name,
        meaning:
          value.kind === 'map'
            ? (names[name] ?? '')
            : sentence(inner, meaningAt(meanings, `${field}.${name}`)),
      })),
    }
  })
}

/** What a nested field carries, with its allowed words. */
function sentence(value: Field, { carries }: Meaning): string {
  const words = wordsOf(value)
  return words.length === 0 ? carries : `${carries} One of: ${words.join(', ')}.`
}

function wordsOf(value: Value): readonly string[] {
  return value.kind === 'words' ? value.words : []
}
