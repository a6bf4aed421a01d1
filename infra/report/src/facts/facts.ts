import { areaOf } from './area.ts'
import { derivedFrom, identityOf, nil } from './identity.ts'
import { archName, osName, platformName, releaseName, unknown, word } from './names.ts'
import { type Fields, isObject, type Kind, type Recognised, recognise } from './recognise.ts'

/**
 * What is the same for many events. Questions group by these columns. Absent is `unknown`; flags
 * are 0 or 1, so that every database sums them alike.
 */
export interface Profile {
  readonly kind: Kind
  readonly step: string
  readonly os: string
  readonly arch: string
  readonly platform: string
  readonly release: string
  readonly method: string
  readonly run_kind: string
  readonly backend: string
  readonly area: string
  readonly stage: string
  readonly code: string
  readonly component: string
  readonly host: string
  readonly failed: number
  readonly jit_enabled: number
  readonly jit_used: number
  readonly accelerate_enabled: number
  readonly gpu_used: number
  /** Counters of a usage event: `subcommand run 12|engine jit 3|capability gpu 1`. */
  readonly counts: string
}

/** One event, flat. The nil UUID stands for an absent client or session. */
export interface Facts {
  readonly id: string
  readonly client: string
  readonly session: string
  /** When it happened by the client's clock, in milliseconds; undefined where it does not say. */
  readonly at: number | undefined
  /** Of a usage event; -1 without. */
  readonly sequence: number
  readonly profile: Profile
}

/** Undefined where the value is no event of the contract. `text` names an event without a uuid. */
export function factsOf(event: unknown, text: string): Facts | undefined {
  if (!isObject(event)) return undefined
  const found = recognise(event)
  if (found === undefined) return undefined
  if (found.kind === 'usage') return usageFacts(event, found)
  const payload = isObject(event['payload']) ? event['payload'] : nothing
  const id = event['uuid']
  return {
    id: typeof id === 'string' ? identityOf(id) : derivedFrom(text),
    client: idOf(event['cid'] ?? event['distinctId']),
    session: found.kind === 'install' ? nil : idOf(event['session_id'] ?? event['sessionId']),
    at: momentOf(payload['timestamp_ms']),
    sequence: -1,
    profile: profileOf(found, event, payload),
  }
}

const nothing: Fields = {}

function profileOf(found: Recognised, event: Fields, payload: Fields): Profile {
  const os = osName(event['os'])
  const arch = archName(event['arch'])
  const isFinished = found.kind === 'finished'
  const code = isFinished ? word(payload['runtime.failure.code'] ?? payload['error']) : unknown
  const stage = isFinished ? word(payload['runtime.failure.stage']) : unknown
  const failed = isFinished && hasFailed(payload, code, stage)
  const provider = isFinished && isObject(payload['provider']) ? payload['provider'] : nothing
  const device = isObject(provider['device']) ? provider['device'] : nothing
  return {
    kind: found.kind,
    step: found.step,
    os,
    arch,
    platform: platformName(event['platform'] ?? payload['platform'], os, arch),
    release: releaseName(event['release']),
    method: word(event['method']),
    run_kind: word(event['run_kind'] ?? event['runKind']),
    backend: word(device['backend']),
    area: failed ? areaOf(stage, code) : unknown,
    stage,
    code,
    component: isFinished ? word(payload['runtime.failure.component']) : unknown,
    host: isFinished ? word(payload['runtime.failure.host']) : unknown,
    failed: failed ? 1 : 0,
    jit_enabled: flag(payload['jit_enabled']),
    jit_used: flag(payload['jit_used']),
    accelerate_enabled: flag(payload['accelerate_enabled']),
    gpu_used: flag(dispatchesOf(payload, provider) > 0),
    counts: '',
  }
}

/** A run that does not say how it ended has failed where it names a failure. */
function hasFailed({ success }: Fields, code: string, stage: string): boolean {
  return success === false || (success !== true && (code !== unknown || stage !== unknown))
}

/** Runtimes before 0.4 kept this figure beside the device. */
function dispatchesOf(payload: Fields, provider: Fields): number {
  const telemetry = isObject(provider['telemetry']) ? provider['telemetry'] : nothing
  const count = payload['gpu_dispatches'] ?? telemetry['gpu_dispatches']
  return typeof count === 'number' ? count : 0
}

function usageFacts(event: Fields, { kind, step }: Recognised): Facts {
  const platform = isObject(event['platform']) ? event['platform'] : nothing
  const os = osName(platform['os'])
  const arch = archName(platform['arch'])
  const { sequence, trigger_ts: when } = event
  return {
    id: identityOf(event['event_id'] as string),
    client: idOf(event['install_id']),
    session: nil,
    at: typeof when === 'string' ? momentOf(Date.parse(when)) : undefined,
    sequence: typeof sequence === 'number' && Number.isSafeInteger(sequence) ? sequence : -1,
    profile: {
      kind,
      step,
      os,
      arch,
      platform: platformName(undefined, os, arch),
      release: releaseName(event['version']),
      method: unknown,
      run_kind: unknown,
      backend: unknown,
      area: unknown,
      stage: unknown,
      code: unknown,
      component: unknown,
      host: unknown,
      failed: 0,
      jit_enabled: 0,
      jit_used: 0,
      accelerate_enabled: 0,
      gpu_used: 0,
      counts: countsOf(event),
    },
  }
}

function countsOf(event: Fields): string {
  return [
    ...countsIn('subcommand', event['subcommand_counts']),
    ...countsIn('engine', selectionsIn(event)),
    ...countsIn('capability', event['feature_capabilities']),
  ].join('|')
}

const otherTables = new Set(['platform', 'subcommand_counts', 'feature_capabilities'])

/** Each product has a name of its own for them, such as `engine_selections`. */
function selectionsIn(event: Fields): unknown {
  return Object.entries(event).find(
    ([name, value]) => isObject(value) && !otherTables.has(name),
  )?.[1]
}

const counterName = /^[\w.:-]{1,64}$/

function countsIn(group: string, table: unknown): readonly string[] {
  if (!isObject(table)) return []
  return Object.entries(table)
    .map(([name, value]) => [name, value === true ? 1 : value] as const)
    .filter(([name, value]) => counterName.test(name) && isCount(value))
    .map(([name, value]) => `${group} ${name} ${String(value)}`)
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function idOf(given: unknown): string {
  return typeof given === 'string' && given !== '' ? identityOf(given) : nil
}

function flag(value: unknown): number {
  return value === true ? 1 : 0
}

export const lastMoment = 253_402_300_799_999

function momentOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= lastMoment
    ? Math.floor(value)
    : undefined
}
