import { accepts } from '../contract/check.ts'
import { platformOf } from '../contract/platform.ts'
import { usageContract } from '../contract/usage.ts'
import { version as versionForm } from '../contract/values.ts'
import { payloadSchemaVersion, statsSchemaVersion } from '../contract/versions.ts'
import type { Product } from '../product/product.ts'
import type { Stats } from '../store/stats.ts'
import { sendable } from './count.ts'

export interface UsageFacts {
  readonly eventId: string
  readonly installId: string
  readonly trigger: string
  readonly at: string
  readonly version: string
  readonly platform: string
  readonly arch: string
  readonly stats: Stats
}

/** The only builder of usage events: what is queued, previewed and sent comes from here. */
export function buildUsage(product: Product, facts: UsageFacts): string | undefined {
  const { stats } = facts
  const { subcommand_counts, selections } = sendable(stats)
  return usageContract(product).serialise({
    payload_schema_version: payloadSchemaVersion,
    stats_schema_version: statsSchemaVersion,
    event_id: facts.eventId,
    install_id: facts.installId,
    sequence: stats.sequence,
    first_seen: stats.first_seen,
    trigger: facts.trigger,
    trigger_ts: facts.at,
    counters_as_of: stats.counters_as_of,
    version: facts.version,
    platform: platformOf(facts.platform, facts.arch),
    subcommand_counts,
    [product.usage.selectionsField]: selections,
    feature_capabilities: stats.feature_capabilities,
  })
}

/** Used if no host has given a version, because the contract requires one. */
export const noVersion = '0.0.0'

/** A host whose version is missing or free text is still counted. */
export function usableVersion(version: string): string {
  return accepts(versionForm, version) ? version : noVersion
}
