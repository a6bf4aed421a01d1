import { type Fault, faultIn, shapeOf } from '../contract/check.ts'
import { map, object, oneOf, optional, type Value } from '../contract/schema.ts'
import { flag, version } from '../contract/values.ts'
import type { Product } from '../product/product.ts'
import type { Parsed } from '../settings/address.ts'
import type { UsageInput } from './milestones.ts'

/** The input of a host in another language. */
export interface RecordedUsage extends UsageInput {
  readonly version?: string
}

/**
 * Reads the input. A host in another language has no compiler that checks it, so unknown names are
 * refused here, unlike in the library.
 */
export function readUsageInput(product: Product, text: string): Parsed<RecordedUsage> {
  const value = parseObject(text)
  if (value === undefined) return refuse('The input is not a JSON object.', product)
  const fault = faultIn(shapeOf(inputSchema(product).fields), value)
  if (fault !== undefined) return refuse(faultText(fault), product)
  const { engine, ...rest } = value as RecordedUsage & { readonly engine?: string }
  const input = engine === undefined ? rest : { ...rest, selection: engine }
  const { subcommand, outcome } = input
  const outcomes = outcomesOf(product, subcommand)
  if (outcome !== undefined && !outcomes.includes(outcome)) {
    return refuse(
      outcomes.length === 0
        ? `${subcommand} has no outcome.`
        : faultText({ field: 'outcome', wanted: oneOf(outcomes), given: outcome }),
      product,
    )
  }
  return { ok: true, value: input }
}

function inputSchema({ usage, milestones }: Product) {
  return object({
    subcommand: oneOf(usage.subcommands),
    // Which outcomes there are depends on the subcommand.
    outcome: optional({ kind: 'text', pattern: /^/ }),
    milestone: optional(oneOf(Object.keys(milestones.named))),
    engine: optional(oneOf(usage.selections)),
    capabilities: optional(map(Object.keys(usage.capabilities), flag)),
    version: optional(version),
  })
}

/** Windows PowerShell begins what it pipes as UTF-8 with a byte order mark. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** Which field is wrong, and why, in one sentence. */
export function faultText({ field, wanted, given }: Fault): string {
  const subject = field === '' ? 'The input' : field
  if (wanted === undefined) return `${subject} is not a known field.`
  if (given === undefined) return `${subject} is missing.`
  return `${subject} must be ${wantedText(wanted)}, not ${givenText(given)}.`
}

function wantedText(value: Value): string {
  switch (value.kind) {
    case 'boolean':
      return 'true or false'
    case 'number':
      return `a ${value.isWhole ? 'whole ' : ''}number from 0 to ${value.most}`
    case 'constant':
      return JSON.stringify(value.is)
    case 'words':
      return `one of ${value.words.map((word) => JSON.stringify(word)).join(', ')}`
    case 'text': {
      const most = value.longest === undefined ? '' : ` of at most ${value.longest} characters`
      const or = value.or === undefined ? '' : `, or ${JSON.stringify(value.or)}`
      return `text${most} that matches ${value.pattern}${or}`
    }
    case 'list':
      return `a list of up to ${value.most} texts`
    case 'map':
    case 'object':
      return 'an object'
  }
}

/** Nested values are described in words: serialising deep ones would overflow the stack. */
function givenText(given: unknown): string {
  if (Array.isArray(given)) return 'a list'
  if (typeof given === 'object' && given !== null) return 'an object'
  const text = JSON.stringify(given)
  return text.length > longestGiven ? `${text.slice(0, longestGiven)}…` : text
}

const longestGiven = 60

function outcomesOf({ usage }: Product, subcommand = ''): readonly string[] {
  return Object.hasOwn(usage.outcomes, subcommand) ? (usage.outcomes[subcommand] ?? []) : []
}

function refuse(fault: string, { usage }: Product): Parsed<never> {
  const example = JSON.stringify({ subcommand: usage.subcommands[0], version: '1.2.3' })
  return { ok: false, fault, hint: `Give one JSON object on stdin, for example: ${example}` }
}
