import type { KeyPath, Product } from '../product/product.ts'
import { type Parsed, parseEndpoint, parseUdpAddress } from './endpoint.ts'

/** The type of each setting we read, wherever it stands. */
export interface Values {
  enabled: boolean
  uploads: boolean
  endpoint: string
  udpEndpoint: string
  showPayloads: boolean
  queueSize: number
  syncMode: boolean
  drainMode: 'all' | 'none'
  drainTimeoutMs: number
  requireIngestionKey: boolean
}

export type Key = keyof Values

export interface KeySpec<K extends Key = Key> {
  readonly key: K
  readonly path: KeyPath
  readonly read: (value: unknown) => Parsed<Values[K]>
}

/** Every key of the product's settings files, once for each way of spelling it. */
export function keySpecs(product: Product): readonly KeySpec[] {
  const { keys } = product
  return [
    spec('enabled', keys.enabled, readBoolean),
    ...keys.alsoEnabled.map((path) => spec('enabled', path, readBoolean)),
    spec('uploads', keys.uploads, readBoolean),
    spec('endpoint', keys.endpoint, (value) => readText(value, parseEndpoint)),
    ...(keys.runtime ? runtimeSpecs(keys.runtime) : []),
  ]
}

function runtimeSpecs(table: KeyPath): readonly KeySpec[] {
  return [
    spec('udpEndpoint', [...table, 'udp_endpoint'], (value) => readText(value, parseUdpAddress)),
    spec('showPayloads', [...table, 'show_payloads'], readBoolean),
    spec('queueSize', [...table, 'queue_size'], readCount),
    spec('syncMode', [...table, 'sync_mode'], readBoolean),
    spec('drainMode', [...table, 'drain_mode'], readDrainMode),
    spec('drainTimeoutMs', [...table, 'drain_timeout_ms'], readCount),
    spec('requireIngestionKey', [...table, 'require_ingestion_key'], readBoolean),
  ]
}

function spec<K extends Key>(key: K, path: KeyPath, read: KeySpec<K>['read']): KeySpec {
  return { key, path, read }
}

function readBoolean(value: unknown): Parsed<boolean> {
  return typeof value === 'boolean' ? accept(value) : refuse('true or false', value)
}

function readText(value: unknown, parse: (text: string) => Parsed<string>): Parsed<string> {
  if (typeof value !== 'string') return refuse('text in quotes', value)
  return value.trim() === '' ? accept('') : parse(value)
}

function readCount(value: unknown): Parsed<number> {
  const count = typeof value === 'bigint' ? Number(value) : value
  return typeof count === 'number' && Number.isInteger(count) && count >= 0
    ? accept(count)
    : refuse('a whole number, 0 or more', value)
}

function readDrainMode(value: unknown): Parsed<'all' | 'none'> {
  return value === 'all' || value === 'none' ? accept(value) : refuse('"all" or "none"', value)
}

function accept<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

function refuse(wanted: string, value: unknown): Parsed<never> {
  return { ok: false, fault: `must be ${wanted}, not ${describe(value)}`, hint: '' }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value)
  }
  return Array.isArray(value) ? 'a list' : value instanceof Date ? 'a date' : 'a table'
}
