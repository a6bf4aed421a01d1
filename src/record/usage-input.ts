import * as v from 'valibot'

import { oneOf, version } from '../contract/atoms.ts'
import type { Product } from '../product/product.ts'
import type { Parsed } from '../settings/address.ts'
import type { UsageInput } from './milestones.ts'

/** What a host in another language says has happened, in its own words. */
export interface RecordedUsage extends UsageInput {
  readonly version?: string
}

/**
 * Reads a input. A host in another language gets no second look from a compiler, so that here,
 * unlike in the library, what is not known is refused by name.
 */
export function readUsageInput(product: Product, text: string): Parsed<RecordedUsage> {
  const value = parseObject(text)
  if (value === undefined) return refuse('The input is not a JSON object.', product)
  const result = v.safeParse(inputSchema(product), value)
  if (!result.success) return refuse(faultIn(result.issues[0]), product)
  const { engine, ...rest } = result.output
  const input = engine === undefined ? rest : { ...rest, selection: engine }
  const { subcommand, outcome } = input
  if (outcome !== undefined && !outcomesOf(product, subcommand).includes(outcome)) {
    return refuse(`outcome is not known for ${subcommand}.`, product)
  }
  return { ok: true, value: input as RecordedUsage }
}

function inputSchema({ usage, milestones }: Product) {
  return v.strictObject({
    subcommand: oneOf(usage.subcommands),
    outcome: v.optional(v.string()),
    milestone: v.optional(oneOf(Object.keys(milestones.named))),
    engine: v.optional(oneOf(usage.selections)),
    capabilities: v.optional(
      v.strictObject(
        Object.fromEntries(
          Object.keys(usage.capabilities).map((name) => [name, v.optional(v.boolean())]),
        ),
      ),
    ),
    version: v.optional(version),
  })
}

/** Windows PowerShell puts a byte order mark before what it pipes as UTF-8. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** What is wrong with which field, in one sentence. */
export function faultIn(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? 'The input'} ${faultOf(issue)}`
}

function faultOf({ expected, received }: v.BaseIssue<unknown>): string {
  if (received === 'undefined') return 'is missing.'
  if (expected === 'never') return 'is not known.'
  const wanted = (expected ?? 'another form').replace(/^\((.*)\)$/, 'one of $1')
  return `must be ${wanted.replaceAll(' | ', ', ')}, not ${received.slice(0, 60)}.`
}

function outcomesOf({ usage }: Product, subcommand: string): readonly string[] {
  return Object.hasOwn(usage.outcomes, subcommand) ? (usage.outcomes[subcommand] ?? []) : []
}

function refuse(fault: string, { usage }: Product): Parsed<never> {
  const example = JSON.stringify({ subcommand: usage.subcommands[0], version: '1.2.3' })
  return { ok: false, fault, hint: `Give one JSON object on stdin, for example: ${example}` }
}
