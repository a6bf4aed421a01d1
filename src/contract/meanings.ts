import type { Product } from '../product/product.ts'
import type { installEvent } from './install.ts'
import type { finishedEvent, startedEvent } from './runtime.ts'
import type { Fields, ObjectValue, Paths } from './schema.ts'
import { selectionsField, type usageEvent } from './usage.ts'

/** What the fields of events mean. The type checker asks for each of them, and for no other. */

/** Everything that is collected is collected to answer one of these. */
export const questions = {
  installs: 'How many installations start, succeed and fail, and where?',
  active: 'How often are JIT compilation and acceleration enabled, and how often used?',
  failures: 'Where do runs fail?',
  unfinished: 'How many runs start and never finish?',
  versions: 'Which releases are in use?',
  usage: 'Which subcommands, engines and capabilities are used?',
  coverage: 'How complete is what arrives: what came twice, and what never came?',
} as const

export type Question = keyof typeof questions

export interface Meaning {
  readonly carries: string
  readonly why: string
  readonly answers: readonly Question[]
  /** The first version that collects it; the very first, if nothing is said. */
  readonly since?: string
  /** The first version that no longer collects it. */
  readonly until?: string
  /** What the names of a map mean, where the names do not say it. */
  readonly names?: Readonly<Record<string, string>>
}

export type Meanings<Event extends ObjectValue = ObjectValue> =
  Event extends ObjectValue<infer Of extends Fields> ? Readonly<Record<Paths<Of>, Meaning>> : never

export const firstVersion = '0.1.0'

const uuid: Meaning = {
  carries: 'Random UUID, new for every event.',
  why: 'Lets the collector count an event once even if it arrives twice.',
  answers: ['coverage'],
}

const cid: Meaning = {
  carries: 'The client id: a random UUID made on this machine.',
  why: 'Tells "one machine ten times" from "ten machines once".',
  answers: ['failures', 'installs'],
}

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
      ...uuid,
      why: `${uuid.why} It is no identity.`,
    },
    install_id: {
      carries: 'Random UUID, made once on this machine and derived from nothing.',
      why: `${cid.why} Delete its file and it is gone.`,
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

const envelope = {
  event_label: {
    carries: 'Name of the event.',
    why: 'Says what happened.',
    answers: ['active', 'unfinished'],
  },
  uuid,
  cid,
  session_id: {
    carries: 'Random UUID, new for every run.',
    why: 'Brings the start and the end of one run together.',
    answers: ['unfinished'],
  },
  os: {
    carries: 'Operating system.',
    why: 'Shows which platforms need care.',
    answers: ['active', 'failures', 'unfinished'],
  },
  arch: {
    carries: 'Class of processor.',
    why: 'Shows which platforms need care.',
    answers: ['active', 'failures', 'unfinished'],
  },
  release: {
    carries: 'Version of the host.',
    why: 'Shows where a problem began.',
    answers: ['versions', 'failures'],
  },
  run_kind: {
    carries: 'What kind of run it was.',
    why: 'Scripts and sessions behave differently.',
    answers: ['active', 'failures', 'unfinished'],
  },
} as const satisfies Record<string, Meaning>

const enabled = {
  'payload.jit_enabled': {
    carries: 'Whether JIT compilation was enabled.',
    why: 'Shows how many runs could have been compiled.',
    answers: ['active'],
  },
  'payload.accelerate_enabled': {
    carries: 'Whether acceleration was enabled.',
    why: 'Shows how many runs could have used the GPU.',
    answers: ['active'],
  },
} as const satisfies Record<string, Meaning>

export const startedMeanings: Meanings<ReturnType<typeof startedEvent>> = {
  ...envelope,
  payload: {
    carries: 'Whether JIT and acceleration were enabled.',
    why: 'Shows how often the fast paths could be used.',
    answers: ['active', 'unfinished'],
  },
  ...enabled,
  'payload.timestamp_ms': {
    carries: 'When it started.',
    why: 'Shows how things change over time.',
    answers: ['unfinished', 'coverage'],
  },
}

export const finishedMeanings: Meanings<ReturnType<typeof finishedEvent>> = {
  ...envelope,
  payload: {
    carries: 'How the run went: duration, outcome, counters, and what the GPU did.',
    why: 'Shows how often the fast paths were used, and where runs fail.',
    answers: ['active', 'failures'],
  },
  'payload.duration_us': {
    carries: 'How long the run took, in microseconds.',
    why: 'The work of the GPU is measured against it.',
    answers: ['active'],
  },
  'payload.success': {
    carries: 'Whether it ended well.',
    why: 'Shows how many runs fail.',
    answers: ['failures'],
  },
  ...enabled,
  'payload.jit_used': {
    carries: 'Whether compiled code ran.',
    why: 'Shows how often JIT compilation is really used.',
    answers: ['active'],
  },
  'payload.timestamp_ms': {
    carries: 'When it ended.',
    why: 'Shows how things change over time.',
    answers: ['active', 'coverage'],
  },
  'payload.error': {
    carries: 'The stable name of the error. Never its message.',
    why: 'Shows which errors are the most frequent.',
    answers: ['failures'],
  },
  'payload.runtime.failure.stage': {
    carries: 'The stage that failed.',
    why: 'Shows which stage of a run needs care.',
    answers: ['failures'],
  },
  'payload.runtime.failure.code': {
    carries: 'The stable name of the error.',
    why: 'Shows which errors are the most frequent.',
    answers: ['failures'],
  },
  'payload.runtime.failure.has_span': {
    carries: 'Whether its place in the source was known.',
    why: 'Shows which errors do not tell people where to look.',
    answers: ['failures'],
  },
  'payload.runtime.failure.host': {
    carries: 'The kind of host it happened in.',
    why: 'Shows failures that only one kind of host has.',
    answers: ['failures'],
  },
  'payload.runtime.failure.component': {
    carries: 'The part of the runtime it happened in.',
    why: 'Shows which part needs care.',
    answers: ['failures'],
  },
  'payload.counters': {
    carries: 'How often code was executed, compiled, and interpreted instead.',
    why: 'Shows how much of a run is compiled.',
    answers: ['active'],
  },
  'payload.counters.total_executions': {
    carries: 'How often code was executed.',
    why: 'The other counters are measured against it.',
    answers: ['active'],
  },
  'payload.counters.jit_compiled': {
    carries: 'How often it was compiled.',
    why: 'Shows how much of a run is compiled.',
    answers: ['active'],
  },
  'payload.counters.interpreter_fallback': {
    carries: 'How often it was interpreted instead.',
    why: 'Shows how much of a run cannot be compiled.',
    answers: ['active'],
  },
  'payload.provider': {
    carries: 'The model, vendor and backend of the GPU. No serial number.',
    why: 'Shows which GPUs are used, and which fail.',
    answers: ['active'],
  },
  'payload.provider.device': {
    carries: 'The GPU.',
    why: 'Shows which GPUs are used, and which fail.',
    answers: ['active'],
  },
  'payload.provider.device.name': {
    carries: 'Its model.',
    why: 'Shows which models need care.',
    answers: ['active'],
  },
  'payload.provider.device.vendor': {
    carries: 'Its vendor.',
    why: 'Shows whose drivers need care.',
    answers: ['active'],
  },
  'payload.provider.device.backend': {
    carries: 'What the GPU is reached through.',
    why: 'Shows which backends are used.',
    answers: ['active'],
  },
  'payload.gpu_wall_ns': {
    carries: 'How long the GPU worked, in nanoseconds.',
    why: 'Shows how much work the GPU takes over.',
    answers: ['active'],
  },
  'payload.gpu_ratio': {
    carries: 'The share of the run in which it did.',
    why: 'Shows how much of a run the GPU takes over.',
    answers: ['active'],
  },
  'payload.gpu_dispatches': {
    carries: 'How often work was given to it.',
    why: 'Shows whether the GPU is used at all.',
    answers: ['active'],
  },
  'payload.gpu_upload_bytes': {
    carries: 'How much was copied to it.',
    why: 'Copying can take longer than the work it is for.',
    answers: ['active'],
  },
  'payload.gpu_download_bytes': {
    carries: 'How much was copied back.',
    why: 'Copying can take longer than the work it is for.',
    answers: ['active'],
  },
  'payload.fusion_cache_hits': {
    carries: 'How often a fused operation was found ready.',
    why: 'Shows how well fusion works.',
    answers: ['active'],
  },
  'payload.fusion_cache_misses': {
    carries: 'How often it had to be made.',
    why: 'Shows how well fusion works.',
    answers: ['active'],
  },
  'payload.fusion_hit_ratio': {
    carries: 'The share that was found ready.',
    why: 'Shows how well fusion works.',
    answers: ['active'],
  },
}

export const installMeanings: Meanings<typeof installEvent> = {
  event_label: {
    carries: 'Which step of the installation this is.',
    why: 'Shows whether installs succeed.',
    answers: ['installs'],
  },
  uuid,
  os: {
    carries: 'Operating system.',
    why: 'Shows where installs fail.',
    answers: ['installs'],
  },
  arch: {
    carries: 'Class of processor.',
    why: 'Shows where installs fail.',
    answers: ['installs'],
  },
  platform: {
    carries: 'The release that was chosen.',
    why: 'Shows whether the right one is found.',
    answers: ['installs'],
  },
  release: {
    carries: 'The version that is being installed.',
    why: 'Shows which releases have trouble.',
    answers: ['installs', 'versions'],
  },
  method: {
    carries: 'Which installer ran.',
    why: 'Shows which installer has trouble.',
    answers: ['installs'],
  },
  cid,
}
