import path from 'node:path'

import { look } from '../files/read.ts'
import { sightingOf } from '../files/snapshot.ts'
import { removeAll, replaceOwnFile, writeNewFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { readClientId } from './client-id.ts'
import { isOwnState } from './foreign.ts'

/**
 * Changes with each deletion of the queue, and with the client id. Hosts hold events that are not in the
 * queue yet: those that they have held since before such a change are deleted with it.
 */
export function wipeMark({ state, clientId }: Pick<Paths, 'state' | 'clientId'>): string {
  const file = markFile(state)
  const { trace } = sightingOf(file)
  // Made before the first deletion, as its folder may be deleted by hand. A later deletion leaves no mark then.
  const mark = trace === '' && isOwnState(state) ? makeMark(file) : trace
  return `${mark} ${readClientId(clientId) ?? ''}`
}

function makeMark(file: string): string {
  try {
    writeNewFile(file, '', false)
  } catch {
    // Another host was faster, or there is no folder in which it could hold anything.
  }
  return sightingOf(file).trace
}

/** Where there is no folder yet, no host holds anything. */
export function changeWipeMark(state: string): void {
  if (look(state) === undefined) return
  const file = markFile(state)
  try {
    replaceOwnFile(file, '')
  } catch {
    removeQuietly(file)
  }
}

/** A mark that is gone is another one, too. */
function removeQuietly(file: string): void {
  try {
    removeAll(file)
  } catch {
    // Where nothing can be written, a host can't queue anything either.
  }
}

function markFile(state: string): string {
  return path.join(state, 'wiped')
}
