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
    return { entry, target, trace: traceOf(target ?? entry) }
  } catch (error) {
    return { entry, target: undefined, trace: codeOf(error) ?? 'unknown' }
  }
}

const optional = { throwIfNoEntry: false } as const
const nothing: Sighting = { entry: undefined, target: undefined, trace: '' }

function traceOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}/${size}/${mtimeMs}/${ctimeMs}`
}
