import path from 'node:path'

import { look, statLink } from '../files/read.ts'
import type { Paths } from '../settings/paths.ts'
import { isOpenToOthers, isWritableToOthers } from '../settings/trust.ts'

/** A file or folder in our place that is not ours, and why. It is left alone. */
export interface Foreign {
  readonly path: string
  readonly reason: 'owner' | 'link' | 'writable'
}

type StatePaths = Pick<Paths, 'state' | 'stats' | 'queue' | 'aside' | 'lock' | 'ledger' | 'uploads'>

/** Finds files and folders in our places that are not ours. Changes nothing. */
export function foreignIn(paths: StatePaths): readonly Foreign[] {
  const { state, queue, aside, stats, lock, ledger, uploads } = paths
  const inner = innerFolders.map((name) => path.join(state, name))
  const places = [path.dirname(state), state, queue, ...inner, aside, stats, lock, ledger, uploads]
  return places.flatMap((place) => {
    const reason = whyForeign(place)
    return reason === undefined ? [] : [{ path: place, reason }]
  })
}

/**
 * May the state in this folder be used? A process checks once if only this user can change whose folder
 * it is.
 */
export function isOwnState(state: string): boolean {
  if (known.has(state)) return true
  const inner = ['queue', ...innerFolders].map((name) => path.join(state, name))
  const folders = [path.dirname(state), state, ...inner]
  if (folders.some((folder) => whyForeign(folder) !== undefined)) return false
  const base = look(path.dirname(path.dirname(state)))
  const uid = process.geteuid?.()
  const isSettled = uid === undefined || !isOpenToOthers(base, uid)
  if (isSettled && statLink(state) !== undefined) known.add(state)
  return true
}

const known = new Set<string>()

const innerFolders = ['counts', 'senders'] as const

/** Undefined if it is ours or does not exist. */
export function whyForeign(place: string): Foreign['reason'] | undefined {
  const stat = statLink(place)
  if (stat === undefined) return undefined
  if (stat.isSymbolicLink()) return 'link'
  // Windows has neither owners by number nor these permissions.
  const uid = process.geteuid?.()
  if (uid === undefined) return undefined
  if (stat.uid !== uid) return 'owner'
  return isWritableToOthers(stat, uid) ? 'writable' : undefined
}
