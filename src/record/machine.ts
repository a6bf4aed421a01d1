import { timestamp } from '../contract/timestamp.ts'
import { hash32 } from '../files/hash.ts'
import type { Context } from '../settings/context.ts'
import { certainClientId, hasNoClientId, readClientId } from '../store/client-id.ts'
import { freshStats, type Stats } from '../store/stats.ts'

/**
 * A new id is a new machine. If the id file is deleted, counters, `first_seen` and `sequence` start
 * over, so nothing links the new id to the old one. Only the notice is not shown again.
 */
export function ofThisMachine({ paths, environment }: Context, stats: Stats): Stats {
  if (stats.machine === '') return stats
  const id = readClientId(paths.clientId)
  const isSame = id === undefined ? !hasNoClientId(paths.clientId) : hash32(id) === stats.machine
  if (isSame) return stats
  const { notice, version, folded } = stats
  return { ...freshStats(timestamp(environment.now())), notice, version, folded }
}

/** Marks the statistics with the id that the events just built carry, if there is one by now. */
export function markedWithId({ paths }: Context, stats: Stats): Stats {
  if (stats.machine !== '') return stats
  const id = readClientId(paths.clientId)
  return id === undefined ? stats : { ...stats, machine: hash32(id) }
}

/** Does the event carry another id than this machine's? An event without one may be ours. */
export function isOfOtherMachine({ paths }: Context, event: unknown): boolean {
  const { install_id: id } = (event ?? {}) as { install_id?: unknown }
  return typeof id === 'string' && id !== certainClientId(paths.clientId)
}
