import { outcomeCounter } from '../contract/usage.ts'
import type { Product } from '../product/product.ts'
import type { Stats } from '../store/stats.ts'
import type { Happening } from './milestones.ts'

/** The statistics after something has happened. What is on no allowlist has not happened. */
export function counted(product: Product, stats: Stats, happening: Happening, at: string): Stats {
  const { usage } = product
  const { subcommand, outcome, selection, capabilities } = happening
  const commands = countersFor(product, subcommand, outcome)
  const selections = selection === undefined ? [] : [known(usage.selections, selection)]
  return {
    ...stats,
    counters_as_of: at,
    subcommand_counts: increased(stats.subcommand_counts, commands),
    selections: increased(stats.selections, selections),
    feature_capabilities: {
      ...stats.feature_capabilities,
      ...allowed(Object.keys(usage.capabilities), capabilities),
    },
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

function increased(
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
