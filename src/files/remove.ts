import { readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'

import { codeOf } from './cause.ts'
import { insist } from './insist.ts'
import { lookAtLink } from './look.ts'

/** Some file systems pass over names while others are being removed. */
const rounds = 20

/**
 * Removes a file, a link (and not what it leads to), or a folder with all that is in it. Runtimes have
 * their own ways to remove a folder, and not all get through where the file system is a simple one.
 */
export function removeAll(place: string): void {
  const found = lookAtLink(place)
  if (found === undefined) return
  if (!found.isDirectory()) return unlessGone(() => unlinkSync(place))
  for (let round = 1; ; round += 1) {
    for (const name of readdirSync(place)) removeAll(path.join(place, name))
    try {
      return unlessGone(() => rmdirSync(place))
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY' || round === rounds) throw error
    }
  }
}

function unlessGone(remove: () => void): void {
  try {
    insist(remove)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
