import path from 'node:path'

import type { Snapshot } from '../files/snapshot.ts'
import type { HostRule, HostSource, Product } from '../product/product.ts'
import { isJson, noSettings, readSettingsFile, type SettingsFile } from './files.ts'
import type { HostEnvironment } from './host-environment.ts'
import { locate } from './paths.ts'
import { projectPlaces } from './sources.ts'
import { type SettingsDocument, Table } from './table.ts'

/** What the product's own program does here. It may not use this library. */
export interface HostReading {
  /** The only settings file that it reads; null if it finds none. */
  readonly reads: string | null
  /** Would it send, given an ingestion key? */
  readonly enabled: boolean
  readonly http_endpoint: string | null
  readonly udp_endpoint: string | null
  /** Where the file was found, and so whose it is. */
  readonly source: 'variable' | 'project' | 'user' | null
}

/** Some programs read their settings file and none of our variables. */
export function ignoresVariables({ host }: Product): boolean {
  return host !== undefined && !host.hearsEnvironment
}

/** Undefined if the program uses this library and so obeys our verdict. */
export function readHost(
  product: Product,
  environment: HostEnvironment,
  settings: readonly SettingsFile[],
  see: Snapshot,
): HostReading | undefined {
  const { host } = product
  if (host === undefined) return undefined
  const found = firstFile(host, environment, see)
  if (found === undefined) return reading(product, host, null, noSettings)
  const { file, source } = found
  if (!isFile(file, see)) return silent(null, source)
  const role = source === 'user' ? 'user' : 'project'
  const settled =
    settings.find((one) => one.path === file) ?? readSettingsFile(role, file, see(file))
  // What is unclear to us may be clear to the program, so assume that it sends.
  const isBroken = settled?.problem !== undefined && !settled.problem.isOursAlone
  if (
    settled === undefined ||
    isBroken ||
    isMarked(settled) ||
    !isValid(product, host, settled.table)
  ) {
    // It fails before it has sent anything.
    return silent(file, source)
  }
  return reading(product, host, found, settled.table)
}

/** The product's own program reads no JSON behind a byte-order mark. */
function isMarked({ path: file, text }: SettingsFile): boolean {
  return isJson(file) && text.startsWith('\uFEFF')
}

interface Found {
  readonly file: string
  readonly source: 'variable' | 'project' | 'user'
}

function firstFile(
  { reads }: HostRule,
  environment: HostEnvironment,
  see: Snapshot,
): Found | undefined {
  for (const source of reads) {
    const found = fileOf(source, environment, see)
    if (found !== undefined) return found
  }
  return undefined
}

function fileOf(
  source: HostSource,
  environment: HostEnvironment,
  see: Snapshot,
): Found | undefined {
  if ('variable' in source) {
    const named = environment.env[source.variable]
    // Set but empty names no file. That is an error there, not a reason to try the next place.
    const file = named && path.resolve(environment.cwd ?? path.sep, named)
    return file === undefined ? undefined : { file, source: 'variable' }
  }
  if ('place' in source) {
    const file = locate(source.place, environment)
    return isFile(file, see) ? { file, source: 'user' } : undefined
  }
  const file = projectPlaces(source.project, environment)
    .flat()
    .find((one) => isFile(one, see))
  return file === undefined ? undefined : { file, source: 'project' }
}

function isFile(file: string, see: Snapshot): boolean {
  return file !== '' && see(file).target?.isFile() === true
}

function silent(file: string | null, source: HostReading['source']): HostReading {
  return { reads: file, enabled: false, http_endpoint: null, udp_endpoint: null, source }
}

function reading(
  product: Product,
  host: HostRule,
  found: Found | null,
  settings: SettingsDocument,
): HostReading {
  const { keys } = product
  const table = keys.runtime && (settings.valueAt(keys.runtime) ?? undefined)
  const endpoint = settings.valueAt(keys.endpoint)
  const udp = keys.runtime && settings.valueAt([...keys.runtime, 'udp_endpoint'])
  const absent =
    table instanceof Table && host.tableTurnsUdpOff ? null : (product.udpEndpoint ?? null)
  return {
    reads: found?.file ?? null,
    enabled: settings.valueAt(keys.enabled) !== false,
    http_endpoint: typeof endpoint === 'string' && endpoint !== '' ? endpoint : product.endpoint,
    udp_endpoint: typeof udp === 'string' ? udp || null : absent,
    source: found?.source ?? null,
  }
}

/** Would the program accept the file? If not, it fails. */
function isValid(product: Product, host: HostRule, settings: SettingsDocument): boolean {
  const { runtime = [] } = product.keys
  return (
    host.strict.every(({ table, keys }) => {
      const found = settings.valueAt(table)
      // In JSON, null is the same as a table that is left out, but not at the top.
      if (found === undefined || (found === null && table.length > 1)) return true
      return found instanceof Table && found.names().every((key) => keys.includes(key))
    }) && types.every(({ key, isFit }) => isFit(settings.valueAt([...runtime, key])))
  )
}

type Test = (value: unknown) => boolean
const isText: Test = (value) => value === undefined || value === null || typeof value === 'string'
const isBoolean: Test = (value) => value === undefined || typeof value === 'boolean'
const isCount: Test = (value) =>
  value === undefined ||
  (typeof value === 'bigint' && value >= 0n) ||
  (Number.isInteger(value) && (value as number) >= 0)

const types: readonly { readonly key: string; readonly isFit: Test }[] = [
  { key: 'enabled', isFit: isBoolean },
  { key: 'show_payloads', isFit: isBoolean },
  { key: 'http_endpoint', isFit: isText },
  { key: 'udp_endpoint', isFit: isText },
  { key: 'queue_size', isFit: isCount },
  { key: 'sync_mode', isFit: isBoolean },
  {
    key: 'drain_mode',
    isFit: (value) => value === undefined || value === 'all' || value === 'none',
  },
  { key: 'drain_timeout_ms', isFit: isCount },
  { key: 'require_ingestion_key', isFit: isBoolean },
]
