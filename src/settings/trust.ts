import { realpathSync } from 'node:fs'
import path from 'node:path'

import type { Entry, Snapshot } from '../files/snapshot.ts'
import type { HostEnvironment } from './host-environment.ts'

const root = 0
const sticky = 0o1000

/**
 * Could another user than this one or root have written the file, or put it there? Such a file may opt
 * out and do nothing else. Windows has no user numbers, so every file there counts as ours.
 */
export function strangerAt(
  file: string,
  { uid }: Pick<HostEnvironment, 'uid'>,
  see: Snapshot,
): 'owner' | 'folder' | undefined {
  if (uid === undefined) return undefined
  const { entry, target } = see(file)
  const owners = [target?.uid, entry?.uid]
  if (owners.some((owner) => owner !== undefined && owner !== root && owner !== uid)) return 'owner'
  const above = foldersAbove(file)
  const hasLinks = [file, ...above].some((place) => see(place).entry?.isSymbolicLink() !== false)
  const folders = hasLinks ? new Set([...above, ...foldersAbove(realPath(file))]) : above
  const isOpen = (folder: string) => isOpenToOthers(see(folder).target, uid)
  return [...folders].some(isOpen) ? 'folder' : undefined
}

/** Does the home folder belong to another user? Without a home folder: no. */
export function isForeignHome(
  { home, uid }: Pick<HostEnvironment, 'home' | 'uid'>,
  see: Snapshot,
): boolean {
  if (home === undefined || uid === undefined) return false
  const owner = see(home).target?.uid
  return owner !== undefined && owner !== uid
}

function isOpenToOthers(stat: Entry | undefined, uid: number): boolean {
  if (stat === undefined) return false
  // The owner of a folder may replace what is in it.
  if (stat.uid !== root && stat.uid !== uid) return true
  if ((stat.mode & sticky) !== 0) return false
  // Many systems give each user a private group with the same number.
  const isSharedGroup = stat.gid !== root && stat.gid !== uid
  return (stat.mode & 0o002) !== 0 || ((stat.mode & 0o020) !== 0 && isSharedGroup)
}

function foldersAbove(file: string): readonly string[] {
  const folders: string[] = []
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    folders.push(folder)
    if (folder === path.dirname(folder)) return folders
  }
}

function realPath(file: string): string {
  try {
    return realpathSync(file)
  } catch {
    return file
  }
}
