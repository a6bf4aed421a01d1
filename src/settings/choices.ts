import type { Product } from '../product/product.ts'
import type { Role } from './files.ts'
import type { Key, Values } from './settings.ts'
import { builtIn, type Setting, type Settings } from './settings.ts'

/** The settings files that only the user writes. A project's file comes with other people's code. */
const usersOwn: readonly Role[] = ['user', 'home']
/** For what a run does: a file that a variable names comes first. */
const nearestFirst: readonly Role[] = ['named', 'user', 'home']

/** The settings in force, after all files have been read. */
export interface Choices {
  /** Where the queue goes. Only the user can choose it. */
  readonly endpoint: Setting<string>
  /** Where a run posts while it lasts. A file that a variable names may choose it, but gets no key. */
  readonly runtimeEndpoint: Setting<string>
  readonly udpEndpoint: Setting<string>
  readonly showPayloads: Setting<boolean>
  readonly queueSize: Setting<number>
  readonly syncMode: Setting<boolean>
  readonly drainMode: Setting<'all' | 'none'>
  readonly drainTimeoutMs: Setting<number>
  readonly requireIngestionKey: Setting<boolean>
}

export function choose(product: Product, settings: Settings): Choices {
  const from = <K extends Key>(roles: readonly Role[], key: K, otherwise: Values[K]) =>
    first(settings, roles, key) ?? { value: otherwise, source: builtIn }
  /** A project can only take away here. */
  const projects = <K extends Key>(key: K) => first(settings, ['project'], key)
  const endpointFrom = (roles: readonly Role[]) =>
    roles
      .flatMap((role) => first(settings, [role], 'endpoint') ?? [])
      .find(({ value }) => value !== '') ?? { value: product.endpoint, source: builtIn }
  const runtimeEndpoint = endpointFrom(nearestFirst)
  // Who has runs post somewhere else does not want their datagrams to go to the built-in address.
  const udpDefault = runtimeEndpoint.file === undefined ? (product.udpEndpoint ?? '') : ''
  return {
    endpoint: endpointFrom(usersOwn),
    runtimeEndpoint,
    udpEndpoint: projects('udpEndpoint') ?? from(nearestFirst, 'udpEndpoint', udpDefault),
    showPayloads: strictest(settings, 'showPayloads', true) ?? from([], 'showPayloads', false),
    queueSize: from(nearestFirst, 'queueSize', 256),
    syncMode: projects('syncMode') ?? from(nearestFirst, 'syncMode', false),
    drainMode: projects('drainMode') ?? from(nearestFirst, 'drainMode', 'all'),
    drainTimeoutMs: shorter(projects('drainTimeoutMs'), from(nearestFirst, 'drainTimeoutMs', 50)),
    requireIngestionKey: requireKey(product, settings),
  }
}

/** The first file that has the value wins, towards showing more or sending less. */
export function strictest<K extends 'enabled' | 'uploads' | 'showPayloads' | 'requireIngestionKey'>(
  settings: Settings,
  key: K,
  strict: boolean,
): Setting<Values[K]> | undefined {
  return settings.said(key).find(({ value }) => value === strict)
}

function shorter(one: Setting<number> | undefined, other: Setting<number>): Setting<number> {
  return one !== undefined && one.value < other.value ? one : other
}

/** A project may require a key if the user does not, but never waive the requirement. */
function requireKey(product: Product, settings: Settings): Setting<boolean> {
  const users = first(settings, usersOwn, 'requireIngestionKey') ?? {
    value: product.ingestionKey !== undefined,
    source: builtIn,
  }
  return users.value ? users : (strictest(settings, 'requireIngestionKey', true) ?? users)
}

function first<K extends Key>(
  settings: Settings,
  roles: readonly Role[],
  key: K,
): Setting<Values[K]> | undefined {
  const said = settings.said(key)
  for (const role of roles) {
    const found = said.find(({ file }) => file?.role === role)
    if (found) return found
  }
  return undefined
}
