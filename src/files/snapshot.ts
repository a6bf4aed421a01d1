import { lstatSync, type Stats, statSync } from 'node:fs'

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

export function takeSnapshot(): Snapshot {
  const known = new Map<string, Sighting>()
  return (file) => {
    let sighting = known.get(file)
    if (sighting === undefined) {
      sighting = sightingOf(file)
      known.set(file, sighting)
    }
    return sighting
  }
}

export function sightingOf(file: string): Sighting {
  let entry: Stats | undefined
  try {
    entry = lstatSync(file, optional)
    if (entry === undefined) return nothing
    const target = entry.isSymbolicLink() ? statSync(file, optional) : entry
    const seen = target ?? entry
    const trace = traceOf(seen)
    return { entry, target, trace, version: isFresh(seen) ? `${trace} ${(looks += 1)}` : trace }
  } catch (error) {
    const trace = codeOf(error) || 'unknown'
    return { entry, target: undefined, trace, version: trace }
  }
}

const optional = { throwIfNoEntry: false } as const
const nothing: Sighting = { entry: undefined, target: undefined, trace: '', version: '' }
let looks = 0

function traceOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${dev}/${ino}/${size}/${mtimeMs}/${ctimeMs}`
}

/** FAT counts in steps of two seconds, some versions of NFS and ext in steps of one. */
const coarsestMs = 3000

/**
 * Two changes within one step of the file system's clock leave the same trace, so a file that has just
 * changed may change once more without one. A time that lies further ahead comes from elsewhere.
 */
function isFresh({ mtimeMs, ctimeMs }: Stats): boolean {
  const now = Date.now()
  return [mtimeMs, ctimeMs].some((time) => Math.abs(now - time) < coarsestMs)
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
