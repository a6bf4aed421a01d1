import { accessSync, constants } from 'node:fs'
import path from 'node:path'

import { look, statLink } from '../files/read.ts'

/** By permissions alone: nothing is opened and nothing is written. */
export function isAllowed(file: string, mode: number): boolean {
  try {
    accessSync(file, mode)
    return true
  } catch {
    return false
  }
}

/** What forbids us to write there: the nearest folder that exists decides for what is not there yet. */
export function forbidsWriting(file: string): string | undefined {
  let place = file
  while (statLink(place) === undefined && place !== path.dirname(place)) place = path.dirname(place)
  const mustBeFolder = place !== file
  const isRight = !mustBeFolder || look(place)?.isDirectory() === true
  // A file is replaced, and so its folder has to let us.
  const folder = look(place)?.isDirectory() ? place : path.dirname(place)
  return isRight && isAllowed(folder, constants.W_OK | constants.X_OK) ? undefined : place
}
