import type { Snapshot } from '../files/snapshot.ts'
import type { KeyPath, Product } from '../product/product.ts'
import { type Parsed, parseEndpoint, parseUdpAddress } from './address.ts'
import { lineIn, type Problem, type SettingsFile } from './files.ts'
import type { HostEnvironment } from './host-environment.ts'
import type { Paths } from './paths.ts'
import { readSources } from './sources.ts'
import { describe, type Tables, tablesOf, unclearIn } from './unclear.ts'

/** The type of each setting that we read, in whichever table it is. */
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

/** What we look for in a file: our keys, and the tables in which a name may be misspelt. */
interface Sought {
  readonly specs: readonly KeySpec[]
  readonly tables: Tables
}

/** Every key of the product's settings files, once for each spelling. */
export function keySpecs({ keys }: Product): readonly KeySpec[] {
  return soughtInFile(keys).specs
}

const soughtInFile = oncePerProduct((keys) => {
  const specs = [
    spec('enabled', keys.enabled, readBoolean),
    ...keys.alsoEnabled.map((path) => spec('enabled', path, readBoolean)),
    spec('uploads', keys.uploads, readBoolean),
    spec('endpoint', keys.endpoint, textIn(parseEndpoint)),
    ...(keys.runtime ? runtimeSpecs(keys.runtime) : []),
  ]
  return { specs, tables: tablesOf(specs.map(pathOf), specs.filter(mayOptOut).map(pathOf)) }
})

/** The machine's file is about telemetry only, so an administrator may leave the table out. */
const soughtInMachinesFile = oncePerProduct((keys) => {
  const inFile = soughtInFile(keys).specs
  const optOuts = inFile.filter(mayOptOut)
  const bare = optOuts.map((one) => spec(one.key, one.path.slice(-1), one.read))
  const specs = [...inFile, ...new Map(bare.map((one) => [one.key, one])).values()]
  return { specs, tables: tablesOf(specs.map(pathOf), optOuts.map(pathOf)) }
})

/** Worked out once, because hosts ask for each file whenever one has changed. */
function oncePerProduct(work: (keys: Product['keys']) => Sought): typeof work {
  const known = new WeakMap<Product['keys'], Sought>()
  return (keys) => {
    const sought = known.get(keys) ?? work(keys)
    known.set(keys, sought)
    return sought
  }
}

const pathOf = ({ path }: KeySpec): KeyPath => path

function mayOptOut({ key }: Pick<KeySpec, 'key'>): boolean {
  return key === 'enabled' || key === 'uploads'
}

function runtimeSpecs(table: KeyPath): readonly KeySpec[] {
  return [
    spec('udpEndpoint', [...table, 'udp_endpoint'], textIn(parseUdpAddress)),
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

/** A host asks for the same address each time it opens, and to take one apart takes a while. */
function textIn(parse: (text: string) => Parsed<string>): (value: unknown) => Parsed<string> {
  let last: { readonly value: string; readonly parsed: Parsed<string> } | undefined
  return (value) => {
    if (typeof value !== 'string') return refuse('text in quotes', value)
    if (last?.value !== value) {
      last = { value, parsed: value.trim() === '' ? accept('') : parse(value) }
    }
    return last.parsed
  }
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

/** One value and where it was written: `file:line`, or `built in`. */
export interface Setting<T> {
  readonly value: T
  readonly source: string
  /** The file that has it; absent for built-in values. */
  readonly file?: SettingsFile
}

export interface Settings {
  readonly files: readonly SettingsFile[]
  readonly problems: readonly Problem[]
  /** What each file says about a key, the user's own file first. */
  readonly said: <K extends Key>(key: K) => readonly Setting<Values[K]>[]
}

export const builtIn = 'built in'

export function loadSettings(
  product: Product,
  paths: Paths,
  environment: HostEnvironment,
  see: Snapshot,
): Settings {
  return interpret(product, readSources(product, paths, environment, see))
}

/** Finds the line lazily: few callers need it, and it costs as much as everything else. */
function settingIn<T>(file: SettingsFile, path: KeyPath, value: T): Setting<T> {
  return {
    value,
    file,
    get source() {
      const line = lineIn(file, path)
      return line === undefined ? file.path : `${file.path}:${line}`
    },
  }
}

/** Reads our keys from the files. A value that can't be understood is a problem. */
export function interpret(product: Product, files: readonly SettingsFile[]): Settings {
  const problems: Problem[] = []
  const said = new Map<Key, Setting<unknown>[]>()
  for (const file of files) {
    const soughtIn = file.role === 'system' ? soughtInMachinesFile : soughtInFile
    const { specs, tables } = soughtIn(product.keys)
    if (file.problem) problems.push(file.problem)
    problems.push(...unclearIn(file, tables))
    for (const { key, path, read } of specs) {
      const found = file.table.valueAt(path)
      if (found === undefined) continue
      const result = read(found)
      if (!result.ok) {
        const line = lineIn(file, path)
        const message = `${path.join('.')} ${result.fault}`
        problems.push({ path: file.path, message, ...(line === undefined ? {} : { line }) })
      } else if (mayChoose(file, key, result.value)) {
        said.set(key, [...(said.get(key) ?? []), settingIn(file, path, result.value)])
      } else if (isElsewhere(file, key, result.value, product)) {
        const line = lineIn(file, path)
        const message = `${path.join('.')} does not count where other users can write`
        problems.push({ path: file.path, message, ...(line === undefined ? {} : { line }) })
      }
      if (product.emptyEndpointForbidsUploads && key === 'endpoint' && isEmpty(found)) {
        said.set('uploads', [...(said.get('uploads') ?? []), settingIn(file, path, false)])
      }
    }
  }
  return {
    files,
    problems,
    said: <K extends Key>(key: K) => (said.get(key) ?? []) as Setting<Values[K]>[],
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === ''
}

type Judges = { readonly [K in Key]?: (value: unknown) => boolean }

/** What anybody may decide: that less is sent. */
const optsOut: Judges = {
  enabled: (value) => value === false,
  uploads: (value) => value === false,
  udpEndpoint: (value) => value === '',
  requireIngestionKey: (value) => value === true,
}

/** What a project may decide for a run: only to send less or wait less. */
const takesAway: Judges = {
  ...optsOut,
  enabled: () => true,
  syncMode: (value) => value === false,
  drainMode: (value) => value === 'none',
  drainTimeoutMs: () => true,
}

/** A project may only take away. The machine's file and files of other users may only opt out. */
function mayChoose({ role, stranger }: SettingsFile, key: Key, value: unknown): boolean {
  if (role === 'system') return mayOptOut({ key }) && value === false
  if (stranger !== undefined) return optsOut[key]?.(value) === true
  return role === 'project' ? takesAway[key]?.(value) === true : true
}

/**
 * Where the user has chosen an address in a file that does not count for that, events must not go to the
 * built-in one instead.
 */
function isElsewhere(
  { role, stranger }: SettingsFile,
  key: Key,
  value: unknown,
  { endpoint }: Product,
): boolean {
  const isUsers = role === 'user' || role === 'home' || role === 'named'
  return (
    isUsers && stranger !== undefined && key === 'endpoint' && value !== '' && value !== endpoint
  )
}
