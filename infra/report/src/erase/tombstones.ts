import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from '../error.ts'
import { identityOf } from '../facts/identity.ts'
import { isObject } from '../facts/recognise.ts'

/** What is to be erased: clients by their id, single events by theirs. Both as they are stored. */
export interface Tombstones {
  readonly clients: ReadonlySet<string>
  readonly events: ReadonlySet<string>
}

const tombstoneFile = 'erased.ndjson'

/**
 * The worker writes them: `{"id": …, "day": …}` for a client, `{"uuid": …, "day": …}` for an event. A
 * product's folder has those of the folder that it is in.
 */
export function tombstonesIn(folder: string): Tombstones {
  const file = tombstonesOf(folder) ?? ''
  const clients = new Set<string>()
  const events = new Set<string>()
  for (const stone of stonesIn(file)) {
    const [set, id] = 'id' in stone ? [clients, stone['id']] : [events, stone['uuid']]
    if (typeof id === 'string' && id !== '') set.add(identityOf(id))
  }
  return { clients, events }
}

/** Undefined where nobody asked to be erased, or where somebody has moved the segments to. */
export function tombstonesOf(folder: string): string | undefined {
  const places = [folder, path.resolve(folder, '..')]
  return places.map((place) => path.join(place, tombstoneFile)).find(isThere)
}

/** What can't be looked at is not absent: no erasure may overlook it. */
export function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    throw new ReportError(`Can't read ${file}: ${reasonOf(error)}.`)
  }
}

/** Each line but half a one, which a full disk left: its request got no answer, and comes again. */
export function stonesIn(file: string): readonly Readonly<Record<string, unknown>>[] {
  return linesIn(file)
    .map(parsed)
    .filter((stone) => stone !== undefined)
}

function linesIn(file: string): readonly string[] {
  if (!isThere(file)) return []
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    throw new ReportError(`Can't read ${file}: ${reasonOf(error)}.`)
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
