import type { GenericSchema } from 'valibot'

import { unwrap } from '../contract/fit.ts'
import type { Named, Table } from './table.ts'

/** A schema, or one more thing that is asked of a value, as valibot keeps them. */
interface Part {
  readonly kind: string
  readonly type: string
  readonly requirement?: unknown
  readonly pipe?: readonly Part[]
  readonly entries?: Readonly<Record<string, GenericSchema>>
  readonly options?: readonly unknown[]
  readonly literal?: unknown
}

/** The table of a schema. What a table cannot say ends the build, lest the browser ask for less. */
export function compile(schema: GenericSchema): Table {
  const [base, ...checks] = partsOf(schema)
  const { type = 'nothing', entries, options, literal } = base ?? {}
  if (type === 'number') return range(checks)
  if (type === 'string') return text(checks)
  refuseAll(checks)
  if (type === 'boolean') return 'boolean'
  if (type === 'literal') return { words: [literal] }
  if (type === 'picklist' && options) return { words: options }
  if (type === 'union' && options) {
    return { any: options.map((option) => compile(option as GenericSchema)) }
  }
  if (type === 'strict_object' && entries) return { names: Object.entries(entries).map(named) }
  throw new Error(`a table cannot say ${type}`)
}

/** Nested pipes in one line, without what is only there for documents. */
function partsOf(part: Part): readonly Part[] {
  const parts = part.pipe?.flatMap(partsOf) ?? [part]
  return parts.filter(({ kind }) => kind !== 'metadata')
}

function named([name, entry]: [string, GenericSchema]): Named {
  const isRequired = entry.type !== 'optional'
  return [name, compile(isRequired ? entry : unwrap(entry)), isRequired]
}

function range(checks: readonly Part[]): Table {
  refuseAll(checks, 'integer', 'min_value', 'max_value')
  const [least, most] = [limits(checks, 'min_value'), limits(checks, 'max_value')]
  if (least.length * most.length === 0) throw new Error('a number without limits')
  return {
    least: Math.max(...least),
    most: Math.min(...most),
    isWhole: checks.some(({ type }) => type === 'integer'),
  }
}

function text(checks: readonly Part[]): Table {
  refuseAll(checks, 'regex', 'max_length')
  const [pattern, ...others] = checks.filter(({ type }) => type === 'regex')
  const { requirement } = pattern ?? {}
  if (!(requirement instanceof RegExp) || requirement.flags !== '' || others.length > 0) {
    throw new Error('a string without exactly one plain pattern')
  }
  const longest = Math.min(...limits(checks, 'max_length'))
  return { pattern: requirement.source, ...(longest < Infinity && { longest }) }
}

function limits(checks: readonly Part[], kind: string): readonly number[] {
  return checks.filter(({ type }) => type === kind).map(({ requirement }) => Number(requirement))
}

function refuseAll(checks: readonly Part[], ...known: readonly string[]): void {
  const strange = checks.find(({ type }) => !known.includes(type))
  if (strange) throw new Error(`a table cannot ask for ${strange.type}`)
}
