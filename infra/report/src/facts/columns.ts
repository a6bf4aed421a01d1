import type { Profile } from './facts.ts'

/** The text columns, which anything may be grouped by, and the flags, in the order of the table. */
export const texts = [
  'kind',
  'step',
  'os',
  'arch',
  'platform',
  'release',
  'method',
  'run_kind',
  'backend',
  'area',
  'stage',
  'code',
  'component',
  'host',
  'counts',
] as const satisfies readonly (keyof Profile)[]

export const flags = [
  'failed',
  'jit_enabled',
  'jit_used',
  'accelerate_enabled',
  'gpu_used',
] as const satisfies readonly (keyof Profile)[]

/** What `--by` accepts. */
export const byColumns = [
  'day',
  'os',
  'arch',
  'platform',
  'release',
  'method',
  'run_kind',
  'backend',
  'area',
  'stage',
  'code',
  'component',
  'host',
] as const

export type By = (typeof byColumns)[number]
