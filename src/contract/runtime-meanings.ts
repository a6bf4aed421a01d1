import { clientIdMeaning, type Meaning, type Meanings, uuidMeaning } from './meanings.ts'
import type { finishedEvent, startedEvent } from './runtime.ts'

const envelope = {
  event_label: {
    carries: 'Name of the event.',
    why: 'Says what happened.',
    answers: ['active', 'unfinished'],
  },
  uuid: uuidMeaning,
  cid: clientIdMeaning,
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
    carries: 'The model of the GPU.',
    why: 'Shows which models need care.',
    answers: ['active'],
  },
  'payload.provider.device.vendor': {
    carries: 'The vendor of the GPU.',
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
    carries: 'The share of the run in which the GPU worked.',
    why: 'Shows how much of a run the GPU takes over.',
    answers: ['active'],
  },
  'payload.gpu_dispatches': {
    carries: 'How often work was given to the GPU.',
    why: 'Shows whether the GPU is used at all.',
    answers: ['active'],
  },
  'payload.gpu_upload_bytes': {
    carries: 'How many bytes were copied to the GPU.',
    why: 'Copying can take longer than the work it is for.',
    answers: ['active'],
  },
  'payload.gpu_download_bytes': {
    carries: 'How many bytes were copied back from the GPU.',
    why: 'Copying can take longer than the work it is for.',
    answers: ['active'],
  },
  'payload.fusion_cache_hits': {
    carries: 'How often a fused operation was found ready.',
    why: 'Shows how well fusion works.',
    answers: ['active'],
  },
  'payload.fusion_cache_misses': {
    carries: 'How often a fused operation had to be made.',
    why: 'Shows how well fusion works.',
    answers: ['active'],
  },
  'payload.fusion_hit_ratio': {
    carries: 'The share of fused operations that were found ready.',
    why: 'Shows how well fusion works.',
    answers: ['active'],
  },
}
