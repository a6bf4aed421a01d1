import * as v from 'valibot'

import type { Product } from '../product/product.ts'
import {
  clientId,
  count,
  each,
  field,
  moment,
  nilUuid,
  oneOf,
  randomUuid,
  version,
} from './atoms.ts'
import { type Contract, contractOf } from './contract.ts'
import { oncePerProduct } from './once.ts'
import { architectureNames, systemNames } from './platform.ts'
import { payloadSchemaVersion, statsSchemaVersion } from './versions.ts'

/** Shown by `print`, and by nothing else: it never triggers an upload. */
export const previewTrigger = 'preview'

export const usageContract = oncePerProduct((product): Contract =>
  contractOf(
    'usage',
    `${product.name} usage event`,
    usageSchema(product),
    ({ trigger, install_id: id }) => trigger === previewTrigger || id === nilUuid,
  ),
)

/**
 * The whole of a usage event. This table is the allowlist, the documentation and the JSON Schema
 * at once; the order here is the order on the wire.
 *
 * @internal
 */
export function usageSchema(product: Product) {
  const { usage } = product
  return v.strictObject({
    payload_schema_version: field(
      v.literal(payloadSchemaVersion),
      'Version of this list of fields.',
      'Lets the collector read old and new events side by side.',
    ),
    stats_schema_version: field(
      v.literal(statsSchemaVersion),
      'Version of the statistics file on this machine.',
      'Tells how the counters below were kept.',
    ),
    event_id: field(
      randomUuid,
      'Random UUID, new for every event.',
      'Lets the collector count an event once even if it arrives twice. It is no identity.',
    ),
    install_id: field(
      clientId,
      'Random UUID, made once on this machine and derived from nothing.',
      'Tells "one machine ten times" from "ten machines once". Delete its file and it is gone.',
    ),
    sequence: field(
      count,
      'How many events this machine has recorded so far.',
      'Shows the collector when events got lost on the way.',
    ),
    first_seen: field(
      moment,
      'When this machine recorded its first event.',
      'Tells new installs from old ones.',
    ),
    trigger: field(
      oneOf([...triggersOf(product), previewTrigger]),
      'The milestone that made this event.',
      'Says why this event exists; there is a short, fixed list of reasons.',
    ),
    trigger_ts: field(
      moment,
      'When that milestone was reached.',
      'Events may be delivered much later.',
    ),
    counters_as_of: field(
      moment,
      'When the counters last changed.',
      'Says how fresh the counters are.',
    ),
    version: field(
      version,
      `Version of ${product.name}.`,
      'Shows which releases are in use, and where a problem began.',
    ),
    platform: field(
      v.strictObject({ os: oneOf(systemNames), arch: oneOf(architectureNames) }),
      'Class of operating system and processor. No host name, no distribution.',
      'Shows which platforms need care.',
    ),
    subcommand_counts: field(
      each(subcommandCounters(product), count),
      'How often each subcommand ran, by outcome where it has one. Never arguments or file names.',
      'Shows what is used, and where it fails.',
    ),
    [usage.selectionsField]: field(
      each(usage.selections, count),
      usage.selectionsMeaning,
      usage.selectionsReason,
    ),
    feature_capabilities: field(
      v.strictObject(
        Object.fromEntries(
          Object.entries(usage.capabilities).map(([name, meaning]) => [
            name,
            v.optional(v.pipe(v.boolean(), v.description(meaning))),
          ]),
        ),
      ),
      'Yes or no for each known capability of this install.',
      'Shows what could be used here, next to what is.',
    ),
  })
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
