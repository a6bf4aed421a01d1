import path from 'node:path'

import { look } from '../files/read.ts'
import { sightingOf } from '../files/snapshot.ts'
import { replaceOwnFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { readClientId } from './client-id.ts'

/**
 * Changes with each deletion of the queue, and with the client id. Hosts hold events that are not in the
 * queue yet: those that they have held since before such a change are deleted with it.
 */
export function wipeMark({ state, clientId }: Pick<Paths, 'state' | 'clientId'>): string {
  return `${sightingOf(markFile(state)).trace} ${readClientId(clientId) ?? ''}`
}

/** Where there is no folder yet, no host holds anything. */
export function changeWipeMark(state: string): void {
  if (look(state) === undefined) return
  try {
    replaceOwnFile(markFile(state), '')
  } catch {
    // Where nothing can be written, a host can't queue anything either.
  }
}

function markFile(state: string): string {
  return path.join(state, 'wiped')
}
