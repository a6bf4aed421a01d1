import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { parse } from 'smol-toml'

/** What RunMat 0.6 does in a place, written from its own source and from nothing of ours. */
export interface Simulated {
  readonly sends: boolean
  readonly http: string | null
  readonly udp: string | null
}

const silent: Simulated = { sends: false, http: null, udp: null }

export function simulateRunMat(
  home: string,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Simulated {
  let file: string | undefined
  const named = env['RUNMAT_CONFIG']
  if (named !== undefined) {
    if (named === '' || !isFile(path.resolve(cwd, named))) return silent
    file = path.resolve(cwd, named)
  }
  for (let folder = cwd; file === undefined; folder = path.dirname(folder)) {
    for (const name of ['runmat.toml', 'runmat.json']) {
      if (file === undefined && isFile(path.join(folder, name))) file = path.join(folder, name)
    }
    if (folder === path.dirname(folder)) break
  }
  for (const name of ['config.toml', 'config.json']) {
    const one = path.join(home, '.config/runmat', name)
    if (file === undefined && isFile(one)) file = one
  }
  if (file === undefined) return read({})
  try {
    const text = readFileSync(file, 'utf8')
    return read(file.endsWith('.json') ? JSON.parse(text) : parse(text))
  } catch {
    return silent
  }
}

const runtimeKeys =
  'callstack_limit error_namespace verbose language logging telemetry jit gc accelerate plotting fea'
const telemetryKeys =
  'enabled show_payloads http_endpoint udp_endpoint queue_size sync_mode drain_mode drain_timeout_ms require_ingestion_key'

// oxlint-disable-next-line typescript/no-explicit-any -- it is what a parser of untyped text gives
function read(document: any): Simulated {
  const { runtime = {} } = document
  if (!isTable(document) || !isTable(runtime) || !onlyHas(runtime, runtimeKeys)) return silent
  const telemetry = runtime['telemetry']
  const builtIn = 'https://api.runmat.com/v1/t'
  if (telemetry === undefined || telemetry === null) {
    return { sends: true, http: builtIn, udp: 'udp.telemetry.runmat.com:7846' }
  }
  if (!isTable(telemetry) || !onlyHas(telemetry, telemetryKeys)) return silent
  const { enabled = true, http_endpoint: http = '', udp_endpoint: udp = '' } = telemetry
  if (typeof enabled !== 'boolean' || typeof http !== 'string' || typeof udp !== 'string') {
    return silent
  }
  return { sends: enabled, http: http || builtIn, udp: udp || null }
}

function onlyHas(table: object, keys: string): boolean {
  return Object.keys(table).every((key) => keys.split(' ').includes(key))
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile()
}
