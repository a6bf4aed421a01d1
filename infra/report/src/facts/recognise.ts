import { nil } from './identity.ts'

export type Fields = Readonly<Record<string, unknown>>

export type Kind = 'install' | 'started' | 'finished' | 'usage'

/** Which family an event belongs to, and for installs which step it is. */
export interface Recognised {
  readonly kind: Kind
  readonly step: 'start' | 'complete' | 'failed' | ''
}

const started: Recognised = { kind: 'started', step: '' }
const finished: Recognised = { kind: 'finished', step: '' }
const usage: Recognised = { kind: 'usage', step: '' }
const start: Recognised = { kind: 'install', step: 'start' }
const complete: Recognised = { kind: 'install', step: 'complete' }
const failed: Recognised = { kind: 'install', step: 'failed' }

/** Every spelling that a released client uses. */
const labels: ReadonlyMap<unknown, Recognised> = new Map([
  ['runtime.run.started', started],
  ['runtime_started', started],
  ['runtime_session_start', started],
  ['runtime.run.finished', finished],
  ['runtime_finished', finished],
  ['runtime_value', finished],
  ['install_start', start],
  ['install.start', start],
  ['install_complete', complete],
  ['install.complete', complete],
  ['install.completed', complete],
  ['install_failed', failed],
  ['install.failed', failed],
])

/** Undefined for what is no event that a client would send: a preview is none either. */
export function recognise(event: Fields): Recognised | undefined {
  const label = event['event_label'] ?? event['event'] ?? event['eventLabel']
  if (label === undefined || label === null) return isUsage(event) ? usage : undefined
  const found = labels.get(label)
  if (found === undefined) return undefined
  const { os, arch, payload } = event
  const fits =
    isTextOrAbsent(os) &&
    isTextOrAbsent(arch) &&
    isObjectOrAbsent(payload) &&
    (event['cid'] ?? event['distinctId']) !== nil
  return fits ? found : undefined
}

function isUsage(event: Fields): boolean {
  return (
    typeof event['payload_schema_version'] === 'number' &&
    typeof event['event_id'] === 'string' &&
    event['trigger'] !== 'preview' &&
    event['install_id'] !== nil
  )
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string'
}

function isObjectOrAbsent(value: unknown): boolean {
  return value === undefined || value === null || isObject(value)
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
