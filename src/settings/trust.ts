import path from 'node:path'

import { linkTo } from '../files/read.ts'
import { type Entry, openFileMemory, type Snapshot } from '../files/snapshot.ts'
import type { HostEnvironment } from './host-environment.ts'

const root = 0
const sticky = 0o1000

/** Why another user could have written a file: whose it is, where it lies, or its own mode. */
export type Stranger = 'owner' | 'folder' | 'writable'

/**
 * Could another user than this one or root have written the file, or put it there? Such a file may opt
 * out and do nothing else. Windows has no user numbers, so every file there counts as ours.
 */
export function strangerAt(
  file: string,
  { uid }: Pick<HostEnvironment, 'uid'>,
  see: Snapshot,
): Stranger | undefined {
  if (uid === undefined) return undefined
  const version = `${uid} ${see(file).version}`
  if (ours.recall(file, version)) return undefined
  const way = wayTo(file, see)
  const stranger = strangerOnTheWay(way, uid, see)
  // The file stays the same when a link to it becomes another user's.
  const isDirect = way.every((place) => see(place).entry?.isSymbolicLink() !== true)
  if (stranger === undefined && isDirect) ours.keep(file, version, true)
  return stranger
}

/**
 * Files that nobody else could have written. What another user puts in such a place later is another
 * file, or has other times, and is judged again.
 */
const ours = openFileMemory<true>()

function strangerOnTheWay(
  way: readonly string[],
  uid: number,
  see: Snapshot,
): Stranger | undefined {
  const isOthers = (place: string) => {
    const { entry } = see(place)
    if (entry === undefined || entry.isDirectory()) return false
    return entry.uid !== root && entry.uid !== uid
  }
  if (way.some(isOthers)) return 'owner'
  if (way.some((place) => isOpenToOthers(see(place).entry, uid))) return 'folder'
  const file = see(way.at(-1) ?? '').entry
  return file?.isFile() === true && isWritableToOthers(file, uid) ? 'writable' : undefined
}

/**
 * A link of another user on the way to a file that isn't theirs. Who follows it may change a file that
 * they could not.
 */
export function strangersLink(
  file: string,
  { uid }: Pick<HostEnvironment, 'uid'>,
  see: Snapshot,
): string | undefined {
  if (uid === undefined) return undefined
  const trusted = new Set([root, uid, see(file).target?.uid])
  return wayTo(file, see).find((place) => {
    const { entry } = see(place)
    return entry?.isSymbolicLink() === true && !trusted.has(entry.uid)
  })
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

/** Is it a folder in which others may put something else in the place of what is there? */
export function isOpenToOthers(stat: Entry | undefined, uid: number): boolean {
  if (stat?.isDirectory() !== true) return false
  // The owner of a folder may replace what is in it.
  if (stat.uid !== root && stat.uid !== uid) return true
  return (stat.mode & sticky) === 0 && isWritableToOthers(stat, uid)
}

export function isWritableToOthers(
  { mode, gid }: Pick<Entry, 'mode' | 'gid'>,
  uid: number,
): boolean {
  return (mode & (isPrivateGroup(gid, uid) ? 0o002 : 0o022)) !== 0
}

/** Many systems give each user a group with the same number. On others, all users share one. */
function isPrivateGroup(gid: number, uid: number): boolean {
  return gid === root || gid === uid
}

const mostLinks = 40

/** Each folder and link that leads to the file, and the file. None of the folders is a link. */
function wayTo(file: string, see: Snapshot): readonly string[] {
  const { root: start } = path.parse(file)
  const way = [start]
  const ahead = partsOf(file.slice(start.length))
  let at = start
  let links = 0
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    const next = path.join(at, name)
    way.push(next)
    const target = see(next).entry?.isSymbolicLink() ? linkTo(next) : undefined
    if (target === undefined) {
      at = next
    } else if ((links += 1) <= mostLinks) {
      if (path.isAbsolute(target)) at = start
      ahead.unshift(...partsOf(target))
    }
  }
  return way
}

function partsOf(place: string): string[] {
  return place.split(path.sep).filter((name) => name !== '')
}
