import { existsSync, rmdirSync } from 'node:fs'
import path from 'node:path'

import { removeAll } from '../files/remove.ts'
import type { Paths } from '../settings/paths.ts'

/** Removes every trace but the settings, which hold the no. Says what was there. */
export function forgetEverything({ clientId, state }: Paths): readonly string[] {
  const found = [clientId, state].filter((place) => existsSync(place))
  for (const place of found) removeAll(place)
  // Folders that held nothing but our files go too; one with anything else in it stays.
  for (const folder of [path.dirname(clientId), path.dirname(state)]) {
    try {
      rmdirSync(folder)
    } catch {
      continue
    }
  }
  return found
}
