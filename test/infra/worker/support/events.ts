import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'

import { eventContracts } from '../../../../src/contract/contracts.ts'
import { runmat } from '../../../../src/product/runmat.ts'

const folder = path.resolve(import.meta.dirname, '../../../contract/wire')

/** A wire example without its line end. */
export function wire(name: string): string {
  return readFileSync(path.join(folder, `${name}.json`), 'utf8').trim()
}

export const contracts = eventContracts(runmat)

type Fields = Readonly<Record<string, unknown>>

function bytesOf(title: string, claim: Fields): string {
  const bytes = contracts.find((contract) => contract.title.endsWith(title))?.serialise(claim)
  if (bytes === undefined) throw new Error(`that makes no event: ${JSON.stringify(claim)}`)
  return bytes
}

/** The bytes that our own client would send. */
export function finished(claim: Fields = {}): string {
  const base = JSON.parse(wire('runtime-finished-full')) as Fields
  return bytesOf('finished', { ...base, uuid: randomUUID(), ...claim })
}

export function started(claim: Fields = {}): string {
  const { payload: _, ...envelope } = JSON.parse(wire('runtime-finished-full')) as Fields
  return bytesOf('started', {
    ...envelope,
    uuid: randomUUID(),
    event_label: 'runtime.run.started',
    payload: { jit_enabled: true, accelerate_enabled: false, timestamp_ms: 1_790_000_000_123 },
    ...claim,
  })
}

export function install(claim: Fields = {}): string {
  const base = JSON.parse(wire('install-start-002')) as Fields
  return bytesOf('install event', { ...base, uuid: randomUUID(), ...claim })
}

export function usage(claim: Fields = {}): string {
  return bytesOf('usage event', {
    payload_schema_version: 1,
    stats_schema_version: 1,
    event_id: randomUUID(),
    install_id: 'eac98648-3b42-41c7-a887-7452dd08cbf0',
    sequence: 7,
    first_seen: '2026-01-01T10:00:00Z',
    trigger: 'first_successful_run',
    trigger_ts: '2026-01-02T10:00:00Z',
    counters_as_of: '2026-01-02T10:00:00Z',
    version: '0.6.1',
    platform: { os: 'linux', arch: 'x86_64' },
    subcommand_counts: { run: 1, run_success: 1 },
    engine_selections: { jit: 1 },
    feature_capabilities: { jit: true },
    ...claim,
  })
}

export function uuidOf(bytes: string): string {
  const { uuid, event_id: id } = JSON.parse(bytes) as { uuid?: string; event_id?: string }
  return uuid ?? id ?? ''
}
