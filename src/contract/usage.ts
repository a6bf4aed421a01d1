import type { Product } from '../product/product.ts'
import { contractOf, type EventContract, oncePerProduct } from './contract.ts'
import { architectureNames, systemNames } from './platform.ts'
import { constant, map, object, oneOf } from './schema.ts'
import { clientId, count, flag, moment, nilUuid, uuid, version } from './values.ts'
import { payloadSchemaVersion, statsSchemaVersion } from './versions.ts'

/** Only `print` uses it. It never triggers an upload. */
export const previewTrigger = 'preview'

export const usageContract = oncePerProduct((product: Product): EventContract =>
  contractOf(
    'usage',
    `${product.name} usage event`,
    usageEvent(product),
    ({ trigger, install_id: id }) => trigger === previewTrigger || id === nilUuid,
  ),
)

export function usageEvent(product: Product) {
  const { usage } = product
  return object({
    payload_schema_version: constant(payloadSchemaVersion),
    stats_schema_version: constant(statsSchemaVersion),
    event_id: uuid,
    install_id: clientId,
    sequence: count,
    first_seen: moment,
    trigger: oneOf([...triggersOf(product), previewTrigger]),
    trigger_ts: moment,
    counters_as_of: moment,
    version,
    platform: object({ os: oneOf(systemNames), arch: oneOf(architectureNames) }),
    subcommand_counts: map(subcommandCounters(product), count),
    [selectionsField(product)]: map(usage.selections, count),
    feature_capabilities: map(Object.keys(usage.capabilities), flag),
  })
}

/** Each product has its own name for this field. For the type checker it is `selections`. */
export function selectionsField({ usage }: Product): 'selections' {
  return usage.selectionsField as 'selections'
}

/** Every milestone that may put an event into the queue. */
export function triggersOf({ milestones }: Product): readonly string[] {
  const { firstRun, firstRunOfVersion, successes, named } = milestones
  return [firstRun, firstRunOfVersion, ...successes.triggers, ...Object.keys(named)]
}

export function subcommandCounters({ usage }: Product): readonly string[] {
  return usage.subcommands.flatMap((name) => [
    name,
    ...(usage.outcomes[name] ?? []).map((outcome) => outcomeCounter(name, outcome)),
  ])
}

export function outcomeCounter(subcommand: string, outcome: string): string {
  return `${subcommand}_${outcome}`
}
