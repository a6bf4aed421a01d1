import { lstatSync, statfsSync, type Stats, statSync } from 'node:fs'
import path from 'node:path'

import { steadyMs } from './clock.ts'
import { codeOf } from './errors.ts'

/** What we ask of a file. Node's own type would need its types in every host's project. */
export interface Entry {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  readonly isFile: () => boolean
  readonly isDirectory: () => boolean
  readonly isSymbolicLink: () => boolean
}

/** What was at a path: a file, a folder, a link, or nothing. */
export interface Sighting {
  /** The file or link itself. */
  readonly entry: Entry | undefined
  /** What it leads to, if it is a link; else the same. */
  readonly target: Entry | undefined
  /** Changes whenever the file is changed or replaced; '' if there certainly is none. */
  readonly trace: string
  /** Equal to an earlier one only if the content is certainly the same; '' if there certainly is none. */
  readonly version: string
}

/** Looks at each path only once, however often it is asked. */
export type Snapshot = (file: string) => Sighting

/** Does not look at those of the siblings that certainly are not there. */
export function takeSnapshot(families: readonly Siblings[] = []): Snapshot {
  const known = new Map<string, Sighting>()
  const see = (file: string): Sighting => {
    let sighting = known.get(file)
    if (sighting === undefined) {
      sighting = sightingOf(file)
      known.set(file, sighting)
    }
    return sighting
  }
  const now = families.length === 0 ? 0 : steadyMs()
  for (const siblings of families) {
    for (const file of missingOf(siblings, see, now)) known.set(file, nothing)
  }
  return see
}

/** Places in one folder, most of which are free. */
export interface Siblings {
  readonly folder: string
  readonly files: readonly string[]
  /** Stands for all the files. */
  readonly key: string
}

export function siblingsAmong(places: readonly string[]): readonly Siblings[] {
  const key = places.join('\0')
  if (last.key !== key) last = { key, families: familiesOf(places) }
  return last.families
}

/** Hosts that open again and again have the same places each time. */
let last: { readonly key: string; readonly families: readonly Siblings[] } = {
  key: '',
  families: [],
}

function familiesOf(places: readonly string[]): readonly Siblings[] {
  const families = new Map<string, string[]>()
  for (const place of places) {
    const folder = path.dirname(place)
    const files = families.get(folder)
    if (files) files.push(place)
    else families.set(folder, [place])
  }
  return [...families]
    .map(([folder, files]) => ({ folder, files, key: files.join('\0') }))
    .filter(({ files }) => files.length > 1)
}

/**
 * Nothing is in a folder that is not there, and nothing new in one that has not changed. So one look at
 * the folder tells what else takes a look at each file.
 */
function missingOf(
  { folder, files, key }: Siblings,
  see: Snapshot,
  now: number,
): readonly string[] {
  const { target, version, trace } = see(folder)
  if (version === '') return files
  // What could not be looked at may have changed.
  if (target === undefined) return []
  const known = missing.recall(key, version)
  if (known && now - known.since < trustedForMs) return known.found
  if (version !== trace || !notesNewFiles(folder)) return []
  const found = files.filter((file) => see(file).version === '')
  // A link on the way may have led elsewhere meanwhile.
  if (sightingOf(folder).trace === trace) missing.keep(key, version, { found, since: now })
  return found
}

export function sightingOf(file: string): Sighting {
  let entry: Stats | undefined
  try {
    entry = lstatSync(file, optional)
    if (entry === undefined) return nothing
    const target = entry.isSymbolicLink() ? statSync(file, optional) : entry
    const seen = target ?? entry
    const trace = traceOf(file, seen)
    return { entry, target, trace, version: isFresh(seen) ? `${trace} ${(looks += 1)}` : trace }
  } catch (error) {
    const trace = codeOf(error) || 'unknown'
    return { entry, target: undefined, trace, version: trace }
  }
}

const optional = { throwIfNoEntry: false } as const
const nothing: Sighting = { entry: undefined, target: undefined, trace: '', version: '' }
let looks = 0

/** Writing down two times with their fractions takes as long as looking at the file. */
function traceOf(file: string, stat: Stats): string {
  const known = traces.get(file)
  if (known !== undefined && isSame(known.stat, stat)) return known.trace
  const { dev, ino, size, mtimeMs, ctimeMs } = stat
  const trace = `${dev}/${ino}/${size}/${mtimeMs}/${ctimeMs}`
  if (traces.size === mostTraces) traces.clear()
  traces.set(file, { stat, trace })
  return trace
}

function isSame(one: Stats, other: Stats): boolean {
  return (
    one.ino === other.ino &&
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.size === other.size &&
    one.dev === other.dev
  )
}

const traces = new Map<string, { readonly stat: Stats; readonly trace: string }>()
const mostTraces = 200

/** FAT counts in steps of two seconds, some versions of NFS and ext in steps of one. */
const coarsestMs = 3000
/** Where a time has a fraction of a millisecond, the kernel's clock is the coarsest: 10 ms at most. */
const finestMs = 100

/**
 * Two changes within one step of the file system's clock leave the same trace, so a file that has just
 * changed may change once more without one. A time that lies further ahead comes from elsewhere.
 */
function isFresh({ mtimeMs, ctimeMs }: Stats): boolean {
  const now = Date.now()
  return isOfNow(mtimeMs, now) || isOfNow(ctimeMs, now)
}

function isOfNow(time: number, now: number): boolean {
  return Math.abs(now - time) < (Number.isInteger(time) ? coarsestMs : finestMs)
}

/** What was made of a file, for as long as the file is certainly the same. */
export interface FileMemory<T> {
  readonly recall: (file: string, version: string) => T | undefined
  readonly keep: (file: string, version: string, value: T) => void
}

export function openFileMemory<T>(): FileMemory<T> {
  const known = new Map<string, { readonly version: string; readonly value: T }>()
  return {
    recall: (file, version) => {
      const found = known.get(file)
      return found?.version === version ? found.value : undefined
    },
    keep: (file, version, value) => {
      if (known.size >= mostRemembered) known.clear()
      known.set(file, { version, value })
    },
  }
}

const mostRemembered = 100

/** Which of the siblings were not there, and since when. */
const missing = openFileMemory<{ readonly found: readonly string[]; readonly since: number }>()
/** A file may come without a trace: in a layer below an overlay, or if the clock was set back. */
const trustedForMs = 1000

/** Ext, XFS, Btrfs, tmpfs, overlays, F2FS and ZFS. */
const faithful = new Set([
  0xef_53, 0x58_46_53_42, 0x91_23_68_3e, 0x01_02_19_94, 0x79_4c_76_30, 0xf2_f5_20_10, 0x2f_c1_2f_c1,
])

/** Is it a file system that surely changes the times of a folder when it gets a new file? */
function notesNewFiles(folder: string): boolean {
  try {
    return process.platform === 'linux' && faithful.has(statfsSync(folder).type)
  } catch {
    return false
  }
}
