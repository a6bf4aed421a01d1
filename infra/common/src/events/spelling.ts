import { isObject, type JsonObject } from 'runmat-telemetry/contract'

/** Older names of events, mapped to the contract's. */
const labels: Readonly<Record<string, string>> = {
  'install.start': 'install_start',
  'install.complete': 'install_complete',
  'install.failed': 'install_failed',
  runtime_started: 'runtime.run.started',
  runtime_session_start: 'runtime.run.started',
  runtime_finished: 'runtime.run.finished',
  runtime_value: 'runtime.run.finished',
}

/** Names that a field may have; the first one present wins. */
const aliases = {
  event_label: ['event_label', 'event', 'eventLabel'],
  cid: ['cid', 'distinctId'],
  session_id: ['session_id', 'sessionId'],
  run_kind: ['run_kind', 'runKind'],
} as const

const ids = ['cid', 'session_id', 'uuid'] as const

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
  const event: JsonObject = { ...claim }
  for (const [name, spellings] of Object.entries(aliases)) {
    const found = spellings.find((spelling) => isThere(claim[spelling]))
    for (const spelling of spellings) delete event[spelling]
    if (found !== undefined) event[name] = claim[found]
  }
  const { event_label: label } = event
  if (typeof label === 'string' && Object.hasOwn(labels, label))
    event['event_label'] = labels[label]
  // macOS's uuidgen prints upper case.
  for (const id of ids) {
    const value = event[id]
    if (typeof value === 'string') event[id] = value.toLowerCase()
  }
  const { payload } = event
  if (isObject(payload)) respellPayload(event, payload)
  return event
}

function respellPayload(event: JsonObject, payload: JsonObject): void {
  const { event_label: label } = event
  if (typeof label === 'string' && label.startsWith('install_')) {
    const { platform, ...rest } = payload
    if (isThere(platform) && !isThere(event['platform'])) event['platform'] = platform
    if (Object.keys(rest).length === 0) delete event['payload']
    return
  }
  const { provider, ...rest } = payload
  if (!isObject(provider)) return
  const { telemetry, ...device } = provider
  if (!isObject(telemetry)) return
  const unknown: JsonObject = {}
  for (const [old, value] of Object.entries(telemetry)) {
    const name = Object.hasOwn(gpuFigures, old) ? gpuFigures[old] : undefined
    if (name === undefined) unknown[old] = value
    else if (isThere(value) && !isThere(rest[name])) rest[name] = value
  }
  event['payload'] = {
    ...rest,
    provider: Object.keys(unknown).length === 0 ? device : { ...device, telemetry: unknown },
  }
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}
