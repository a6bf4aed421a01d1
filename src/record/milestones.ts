import { outcomeCounter } from '../contract/usage.ts'
import type { Product } from '../product/product.ts'
import type { Stats } from '../store/stats.ts'

/** What a host says has happened. Everything in it is checked against the allowlists. */
export interface UsageInput {
  readonly subcommand?: string
  readonly outcome?: string
  readonly selection?: string
  readonly capabilities?: Readonly<Record<string, unknown>>
  readonly milestone?: string
  /** Nothing has run. The user only gets the notice before something is recorded. */
  readonly isAnnouncement?: boolean
}

export interface ReachedMilestone {
  readonly trigger: string
  /** How it is remembered that this milestone has fired. */
  readonly mark: string
}

/** The milestones that are reached now, given the statistics after counting. */
export function milestonesReached(
  product: Product,
  stats: Stats,
  version: string,
  input: UsageInput,
): readonly ReachedMilestone[] {
  if (input.isAnnouncement) return []
  const { firstRun, firstRunOfVersion, named } = product.milestones
  const reached = [
    { trigger: firstRun, mark: firstRun },
    { trigger: firstRunOfVersion, mark: `${firstRunOfVersion}@${version}` },
    ...successes(product, stats, input),
    ...Object.entries(named)
      .filter(([name, { subcommand, outcome }]) => {
        if (input.milestone === name) return true
        const isCounted = subcommand !== undefined && subcommand === input.subcommand
        return isCounted && (outcome === undefined || outcome === input.outcome)
      })
      .map(([name]) => ({ trigger: name, mark: `${name}@${version}` })),
  ]
  return reached.filter(({ mark }) => !stats.fired.includes(mark))
}

/** Marks for a machine whose past is unknown: milestones that may have fired never fire again. */
export function presumedFired({ milestones }: Product, release?: string): readonly string[] {
  const { firstRun, firstRunOfVersion, named } = milestones
  const perVersion = release === undefined ? [] : [firstRunOfVersion, ...Object.keys(named)]
  const marks = perVersion.map((name) => `${name}@${release}`)
  return [firstRun, ...milestones.successes.triggers, ...marks]
}

function successes(product: Product, stats: Stats, input: UsageInput): readonly ReachedMilestone[] {
  const { subcommand, outcome, triggers } = product.milestones.successes
  if (input.subcommand !== subcommand || input.outcome !== outcome) return []
  const count = stats.subcommand_counts[outcomeCounter(subcommand, outcome)] ?? 0
  const trigger = triggers[count - 1]
  return trigger === undefined ? [] : [{ trigger, mark: trigger }]
}
