import type { Product } from '../product/product.ts'
import { clientIdMeaning, type Meanings, uuidMeaning } from './meanings.ts'
import { selectionsField, type usageEvent } from './usage.ts'

export function usageMeanings(product: Product): Meanings<ReturnType<typeof usageEvent>> {
  const { name, usage } = product
  return {
    payload_schema_version: {
      carries: 'Version of this list of fields.',
      why: 'Lets the collector read old and new events side by side.',
      answers: ['coverage'],
    },
    stats_schema_version: {
      carries: 'Version of the statistics file on this machine.',
      why: 'Tells how the counters below were kept.',
      answers: ['usage'],
    },
    event_id: {
      ...uuidMeaning,
      why: `${uuidMeaning.why} It identifies nobody.`,
    },
    install_id: {
      carries: 'Random UUID, made once on this machine and derived from nothing.',
      why: `${clientIdMeaning.why} Delete its file and this machine gets a new one; what was sent keeps the old one.`,
      answers: ['usage', 'versions'],
    },
    sequence: {
      carries: 'How many events this machine has recorded so far.',
      why: 'Shows the collector when events got lost on the way.',
      answers: ['coverage'],
    },
    first_seen: {
      carries: 'When this machine recorded its first event.',
      why: 'Tells new installs from old ones.',
      answers: ['usage'],
    },
    trigger: {
      carries: 'The milestone that made this event.',
      why: 'Says why this event exists; there is a short, fixed list of reasons.',
      answers: ['usage'],
    },
    trigger_ts: {
      carries: 'When that milestone was reached.',
      why: 'Events may be delivered much later.',
      answers: ['coverage'],
    },
    counters_as_of: {
      carries: 'When the counters last changed.',
      why: 'Says how fresh the counters are.',
      answers: ['usage'],
    },
    version: {
      carries: `Version of ${name}.`,
      why: 'Shows which releases are in use, and where a problem began.',
      answers: ['versions'],
    },
    platform: {
      carries: 'Class of operating system and processor. No host name, no distribution.',
      why: 'Shows which platforms need care.',
      answers: ['usage', 'versions'],
    },
    'platform.os': {
      carries: 'Operating system.',
      why: 'Shows which platforms need care.',
      answers: ['usage', 'versions'],
    },
    'platform.arch': {
      carries: 'Class of processor.',
      why: 'Shows which platforms need care.',
      answers: ['usage', 'versions'],
    },
    subcommand_counts: {
      carries:
        'How often each subcommand ran, by outcome where it has one. Never arguments or file names.',
      why: 'Shows what is used, and where it fails.',
      answers: ['usage', 'failures'],
    },
    [selectionsField(product)]: {
      carries: usage.selectionsMeaning,
      why: usage.selectionsReason,
      answers: ['usage', 'active'],
    },
    feature_capabilities: {
      carries: 'Yes or no for each known capability of this install.',
      why: 'Shows what could be used here, next to what is.',
      answers: ['usage', 'active'],
      names: usage.capabilities,
    },
  }
}
