import { readFileSync } from 'node:fs'
import path from 'node:path'

export type Fields = Readonly<Record<string, unknown>>

/** One request of a released program. */
export interface Client {
  readonly name: string
  readonly path: string
  /** Whether it sends the ingestion key. */
  readonly key: boolean
  readonly body: Fields
}

/** What RunMat's released programs and installers send, as they send it. */
export const clients: readonly Client[] = readFileSync(
  path.resolve(import.meta.dirname, '../../contract/wire/real-clients.ndjson'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Client)

export function clientCalled(name: string): Client {
  const found = clients.find((client) => client.name === name)
  if (found === undefined) throw new Error(`no payload called ${name}`)
  return found
}

const cid = 'eac98648-3b42-41c7-a887-7452dd08cbf0'

const linux = { cid, os: 'linux', arch: 'x86_64', release: '0.6.1', run_kind: 'script' }
const web = { cid, os: 'web', arch: 'wasm32', release: '0.6.1', run_kind: 'repl' }

const gpu = {
  gpu_wall_ns: 1_851_000,
  gpu_ratio: 0.41,
  gpu_dispatches: 12,
  gpu_upload_bytes: 262_144,
  gpu_download_bytes: 0,
  fusion_cache_hits: 8,
  fusion_cache_misses: 1,
  fusion_hit_ratio: 0.888,
}
const run = {
  ...gpu,
  duration_us: 4412,
  success: true,
  jit_enabled: true,
  jit_used: true,
  accelerate_enabled: true,
  timestamp_ms: 1_795_840_314_399,
}
const started = { event_label: 'runtime.run.started' }
const finished = { event_label: 'runtime.run.finished' }
const nvidia = (name: string, backend: string) => ({
  device: { name, vendor: 'NVIDIA', backend },
})

const shell = {
  cid,
  os: 'linux',
  arch: 'x86_64',
  platform: 'linux-x86_64',
  release: 'v0.6.1',
  method: 'shell',
}
const powershell = {
  cid,
  os: 'windows',
  arch: 'AMD64',
  platform: 'windows-x86_64',
  method: 'powershell',
}
const december = {
  event_label: 'install_complete',
  // Made of the content, so both of these are one event.
  uuid: 'cb64cb5a-a26d-406c-9808-5e9e9ac624cd',
  cid,
  os: 'darwin',
  arch: 'arm64',
  platform: 'macos-aarch64',
  release: 'v0.2.8',
  method: 'shell',
}

/** What the collector stores of each, field for field. */
export const storedFields: Readonly<Record<string, Fields>> = {
  '0.6.1 CLI started': {
    ...started,
    ...linux,
    uuid: 'd63b2fd5-015b-467a-ace1-66b892fb8719',
    session_id: '3a9c4562-9a27-4ceb-9cbc-2f4bf5437d56',
    payload: { jit_enabled: true, accelerate_enabled: true, timestamp_ms: 1_795_840_314_397 },
  },
  '0.6.1 CLI finished, vulkan, 64 launches': {
    ...finished,
    ...linux,
    uuid: '7df207e0-69fd-4731-8404-eb8a3ce522cb',
    session_id: '4eb04e40-a115-4310-a86a-602ab00c91f8',
    payload: {
      ...run,
      'runtime.failure.host': 'cli',
      provider: nvidia('NVIDIA GeForce RTX 4090', 'vulkan'),
    },
  },
  '0.6.1 CLI finished, dx12 (Windows)': {
    ...finished,
    ...linux,
    os: 'windows',
    uuid: 'd94e2d3c-4389-44e9-ae67-0563bf92b9e7',
    session_id: 'b1c11dd9-827e-478e-8ffe-581d215b15a6',
    payload: { ...run, provider: nvidia('NVIDIA GeForce RTX 4090', 'dx12') },
  },
  '0.6.1 CLI finished, gl name with slashes': {
    ...finished,
    ...linux,
    uuid: 'f8ad1c6b-51cf-4b1d-bf40-89cf1b256ba2',
    session_id: 'c2470a3a-55af-45cf-b56b-79a7d839f665',
    payload: { ...run, provider: nvidia('NVIDIA GeForce GTX 1080/PCIe/SSE2', 'gl') },
  },
  '0.6.1 CLI failed (hir)': {
    ...finished,
    ...linux,
    uuid: 'bc35537d-c050-4959-8e5c-be7a1cb3c21d',
    session_id: 'd8a93d9a-bfcd-4a0e-b38a-df5466e58501',
    payload: {
      ...run,
      success: false,
      jit_used: false,
      error: 'RunMat:UndefinedVariable',
      'runtime.failure.stage': 'hir',
      'runtime.failure.code': 'RunMat:UndefinedVariable',
      'runtime.failure.has_span': true,
      'runtime.failure.host': 'cli',
      'runtime.failure.component': 'name_resolution',
    },
  },
  '0.6.1 CLI failed at run time, user identifier': {
    ...finished,
    ...linux,
    uuid: '33791599-cdbc-4882-b49d-32fdac0a7269',
    session_id: '4a4d1e48-6db9-439c-a9ea-814883bf1534',
    payload: {
      ...run,
      success: false,
      error: 'user',
      'runtime.failure.stage': 'runtime',
      'runtime.failure.host': 'cli',
    },
  },
  '0.6.1 wasm started os=web': {
    ...started,
    ...web,
    uuid: 'accc0512-4d3c-49e9-9fd8-0dfdb876f7cc',
    session_id: '5e25ce50-4048-4ec6-a675-354c31c119b2',
    payload: { jit_enabled: false, accelerate_enabled: true, timestamp_ms: 1_795_840_314_399 },
  },
  '0.6.1 wasm finished os=web': {
    ...finished,
    ...web,
    uuid: '23262739-783e-4a4b-b5af-119f584d47bb',
    session_id: 'c91b6d96-622a-4898-9dd6-94311547cf53',
    payload: { ...run, 'runtime.failure.host': 'wasm' },
  },
  '0.6.1 CLI, cid of the shell installer without uuidgen': {
    ...started,
    ...linux,
    // Derived from 1767139200-28913.
    cid: 'f27ad073-d342-45fa-9e1d-76f29717ac80',
    uuid: 'ae7ee9ea-eba1-4aa7-b21c-2724dae4341c',
    session_id: '588a45b4-9bb4-4a68-a343-e8a6fa62816c',
    payload: { jit_enabled: true, accelerate_enabled: true },
  },
  'install.start': {
    ...shell,
    event_label: 'install_start',
    uuid: 'ee62cdc7-1c29-432d-8bb3-de0cad537cc1',
  },
  'install.completed': {
    ...shell,
    event_label: 'install_complete',
    uuid: '5cb72913-a697-4936-9bf7-eaabb8577d2a',
  },
  'install.failed': {
    ...shell,
    event_label: 'install_failed',
    uuid: '27ab9788-b486-4cdd-942f-a3b19f039d0f',
  },
  'install.start windows ps1': {
    ...powershell,
    event_label: 'install_start',
    uuid: '0250c5b4-ede8-412a-8151-3f4db456a586',
    release: 'unknown',
  },
  'install.completed windows ps1': {
    ...powershell,
    event_label: 'install_complete',
    uuid: '795243bd-a2d4-460f-aa85-b4508a3b7345',
    release: 'v0.6.1',
  },
  'installer Dec 2025 (/api/telemetry)': december,
  'website proxy -> /ingest (client_ip,$ip)': december,
  'seed000 runtime_value': {
    ...finished,
    cid,
    os: 'macos',
    arch: 'aarch64',
    run_kind: 'script',
    // Made of the content, because it has none.
    uuid: '388f5d95-5077-486c-b8d4-3c5a1ecd285e',
    session_id: '388c1d4d-94f9-434b-957b-04c36d1b601e',
    payload: {
      duration_us: 4412,
      success: true,
      jit_enabled: true,
      jit_used: true,
      accelerate_enabled: true,
      gpu_wall_ns: 1_850_000,
      gpu_dispatches: 12,
      gpu_upload_bytes: 262_144,
      gpu_download_bytes: 0,
      fusion_cache_hits: 8,
      fusion_cache_misses: 1,
      provider: nvidia('NVIDIA RTX 4090', 'cuda'),
    },
  },
}

/** What these clients send and no question needs, with how many of the payloads have it. */
export const droppedFields: Readonly<Record<string, number>> = {
  source: 6,
  properties: 5,
  context: 5,
  session_id: 6,
  run_kind: 6,
  client_ip: 1,
  $ip: 1,
  'payload.provider.device.device_id': 3,
  'payload.provider.device.memory_bytes': 3,
  'payload.provider.telemetry': 3,
}
