import { outcomeCounter } from '../contract/usage.ts'
import type { Product } from '../product/product.ts'
import type { Stats } from '../store/stats.ts'
import type { UsageInput } from './milestones.ts'

type Counters = Stats['withheld']

/**
 * The statistics after an input has been counted. Names that are not on an allowlist are ignored. What
 * is counted while uploads are forbidden is marked as withheld and never sent later.
 */
export function counted(
  product: Product,
  stats: Stats,
  input: UsageInput,
  { at, mayLeave }: { readonly at: string; readonly mayLeave: boolean },
): Stats {
  return {
    ...stats,
    ...increased(product, stats, input),
    counters_as_of: at,
    withheld: mayLeave ? stats.withheld : increased(product, stats.withheld, input),
    feature_capabilities: {
      ...stats.feature_capabilities,
      ...allowed(Object.keys(product.usage.capabilities), input.capabilities),
    },
  }
}

/** The counters without what is withheld. */
export function sendable({ subcommand_counts, selections, withheld }: Stats): Counters {
  return {
    subcommand_counts: less(subcommand_counts, withheld.subcommand_counts),
    selections: less(selections, withheld.selections),
  }
}

function increased(product: Product, counters: Counters, input: UsageInput): Counters {
  const { subcommand, outcome, selection } = input
  const { selections } = product.usage
  return {
    subcommand_counts: plusOne(
      counters.subcommand_counts,
      countersFor(product, subcommand, outcome),
    ),
    selections: plusOne(
      counters.selections,
      selection === undefined ? [] : [known(selections, selection)],
    ),
  }
}

function countersFor({ usage }: Product, subcommand?: string, outcome?: string): readonly string[] {
  if (subcommand === undefined || !usage.subcommands.includes(subcommand)) return []
  const outcomes = Object.hasOwn(usage.outcomes, subcommand) ? usage.outcomes[subcommand] : []
  return outcome !== undefined && outcomes?.includes(outcome)
    ? [subcommand, outcomeCounter(subcommand, outcome)]
    : [subcommand]
}

function known(names: readonly string[], name: string): string | undefined {
  return names.find((one) => one === name) ?? names.find((one) => one === 'unknown')
}

function plusOne(
  counters: Readonly<Record<string, number>>,
  names: readonly (string | undefined)[],
): Readonly<Record<string, number>> {
  const after = { ...counters }
  for (const name of names) {
    if (name === undefined) continue
    after[name] = Math.min((after[name] ?? 0) + 1, Number.MAX_SAFE_INTEGER)
  }
  return after
}

function less(
  counters: Readonly<Record<string, number>>,
  withheld: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const rest = Object.entries(counters).map(
    ([name, count]) => [name, count - (withheld[name] ?? 0)] as const,
  )
  return Object.fromEntries(rest.filter(([, count]) => count > 0))
}

function allowed(
  names: readonly string[],
  claims: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = Object.hasOwn(claims, name) ? claims[name] : undefined
      return typeof value === 'boolean' ? [[name, value]] : []
    }),
  )
}
