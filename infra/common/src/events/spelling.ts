import {
  accepts,
  isObject,
  type JsonObject,
  ownIdentifier,
  runmat,
  uuid,
} from 'runmat-telemetry/contract'

import { derivedIdentity } from './event.ts'

/** Older names of events, mapped to the contract's. */
const labels: Readonly<Record<string, string>> = {
  'install.start': 'install_start',
  'install.complete': 'install_complete',
  'install.completed': 'install_complete',
  'install.failed': 'install_failed',
  runtime_started: 'runtime.run.started',
  runtime_session_start: 'runtime.run.started',
  runtime_finished: 'runtime.run.finished',
  runtime_value: 'runtime.run.finished',
}

/** Names that a field may have; the first one present wins. */
const aliases = [
  ['event_label', ['event_label', 'event', 'eventLabel']],
  ['cid', ['cid', 'distinctId']],
  ['session_id', ['session_id', 'sessionId']],
  ['run_kind', ['run_kind', 'runKind']],
] as const

const ids = ['cid', 'session_id', 'uuid', 'install_id', 'event_id'] as const

/** GPU figures as runtimes before 0.4 named them, mapped to the contract's names. */
const gpuFigures: Readonly<Record<string, string>> = {
  gpu_wall_ns: 'gpu_wall_ns',
  gpu_dispatches: 'gpu_dispatches',
  upload_bytes: 'gpu_upload_bytes',
  download_bytes: 'gpu_download_bytes',
  fusion_cache_hits: 'fusion_cache_hits',
  fusion_cache_misses: 'fusion_cache_misses',
}

/**
 * Rewrites every spelling in the wild to the contract's. Unknown fields stay; the contract decides
 * about those. Returns a copy.
 */
export function respell(claim: JsonObject): JsonObject {
  const event = copyOf(claim)
  for (const [name, spellings] of aliases) {
    const found = spellings.find((spelling) => isThere(claim[spelling]))
    // Deleting a field makes an object slow, and nearly no client sends two spellings.
    for (const spelling of spellings) {
      if (spelling !== found && Object.hasOwn(event, spelling)) delete event[spelling]
    }
    if (found === undefined || found === name) continue
    event[name] = claim[found]
    delete event[found]
  }
  const { event_label: label } = event
  if (typeof label === 'string' && Object.hasOwn(labels, label))
    event['event_label'] = labels[label]
  respellIds(event)
  const { payload } = event
  if (isObject(payload)) respellPayload(event, payload)
  return event
}

export function respellIds(event: JsonObject): void {
  for (const name of ids) {
    const value = textIn(event[name])
    if (value !== undefined) event[name] = idFrom(name, value)
  }
}

const clientNames = new Set(['cid', 'install_id'])
const nil = /^[0-]+$/
/** What an id can look like; anything else is not one. */
const plausible = /^[a-z0-9._:-]{1,128}$/

/**
 * Machines without uuidgen made ids of a clock and a PID, and other versions of UUID can hold a
 * network address. Such an id is replaced by one that is derived from it: the same for the same id,
 * and for a client's id the one that our own client makes of it.
 */
function idFrom(name: string, given: string): string {
  if (accepts(uuid, given)) return given
  // macOS's uuidgen prints upper case.
  const id = given.trim().toLowerCase()
  if (accepts(uuid, id) || nil.test(id) || !plausible.test(id)) return id
  return derivedIdentity(clientNames.has(name) ? id : `${name}:${id}`)
}

/**
 * Windows PowerShell 5.1 turns a text that it has read from a file into an object, with the path of
 * the file beside the text. Older installers send their id that way.
 */
function textIn(value: unknown): string | undefined {
  const text = isObject(value) ? value['value'] : value
  return typeof text === 'string' ? text : undefined
}

/** A client's id as it is stored. */
export function storedId(client: string): string {
  return idFrom('cid', client)
}

/** An event's id as it is stored, under whichever name it came. */
export function storedEventIds(event: string): readonly string[] {
  return [...new Set(['uuid', 'event_id'].map((name) => idFrom(name, event)))]
}

function respellPayload(event: JsonObject, payload: JsonObject): void {
  const { event_label: label } = event
  if (typeof label === 'string' && label.startsWith('install_')) {
    const { platform } = payload
    if (isThere(platform) && !isThere(event['platform'])) event['platform'] = platform
    if (Object.keys(payload).every((name) => name === 'platform')) delete event['payload']
    return
  }
  const { provider } = payload
  const rest = copyOf(inSnakeCase(payload))
  respellFailure(rest)
  const { counters } = rest
  if (isObject(counters)) rest['counters'] = inSnakeCase(counters)
  event['payload'] = rest
  if (!isObject(provider)) return
  const { telemetry, ...device } = withLowerBackend(provider)
  if (!isObject(telemetry)) {
    rest['provider'] = device
    return
  }
  const unknown: JsonObject = {}
  for (const [old, value] of Object.entries(inSnakeCase(telemetry))) {
    const name = Object.hasOwn(gpuFigures, old) ? gpuFigures[old] : undefined
    if (name === undefined) unknown[old] = value
    else if (isThere(value) && !isThere(rest[name])) rest[name] = value
  }
  if (Object.keys(unknown).length > 0) device['telemetry'] = unknown
  rest['provider'] = device
}

const capital = /[A-Z]/

/** `jitUsed` is `jit_used`, unless that is there as well. Returns a copy only if there is such a name. */
function inSnakeCase(payload: JsonObject): JsonObject {
  if (!Object.keys(payload).some((name) => capital.test(name))) return payload
  const event: JsonObject = {}
  for (const [name, value] of Object.entries(payload)) {
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    event[Object.hasOwn(payload, snake) ? name : snake] = value
  }
  return event
}

/** A script that fails at run time says no stage; and a user's own identifiers are free text. */
function respellFailure(payload: JsonObject): void {
  const { runtime } = runmat
  for (const name of ['error', 'runtime.failure.code']) {
    if (runtime && isThere(payload[name])) payload[name] = ownIdentifier(runtime, payload[name])
  }
  if (lacksStage(payload)) payload['runtime.failure.stage'] = 'runtime'
}

/** Whether a payload names an error, and not where it arose. */
export function lacksStage(payload: unknown): boolean {
  return (
    isObject(payload) && isThere(payload['error']) && !isThere(payload['runtime.failure.stage'])
  )
}

function withLowerBackend(provider: JsonObject): JsonObject {
  const { device } = provider
  if (!isObject(device) || typeof device['backend'] !== 'string') return provider
  const backend = device['backend'].toLowerCase()
  return backend === device['backend'] ? provider : { ...provider, device: { ...device, backend } }
}

/** In V8, adding a field to what a spread made takes microseconds. */
export function copyOf(object: JsonObject): JsonObject {
  const { ...copy } = object
  return copy
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}
