import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from '../error.ts'
import { identityOf } from '../facts/identity.ts'
import { isObject } from '../facts/recognise.ts'

/** What is to be erased: clients by their id, single events by theirs. Both as they are stored. */
export interface Tombstones {
  readonly clients: ReadonlySet<string>
  readonly events: ReadonlySet<string>
}

export const tombstoneFile = 'erased.ndjson'

/** The worker writes them: `{"id": …, "day": …}` for a client, `{"uuid": …, "day": …}` for an event. */
export function tombstonesIn(folder: string): Tombstones {
  const file = path.join(folder, tombstoneFile)
  const clients = new Set<string>()
  const events = new Set<string>()
  for (const line of linesIn(file)) {
    const stone = parsed(line)
    // Half a line, which a full disk left: its request got no answer, and comes again.
    if (stone === undefined) continue
    const [set, id] = 'id' in stone ? [clients, stone['id']] : [events, stone['uuid']]
    if (typeof id === 'string' && id !== '') set.add(identityOf(id))
  }
  return { clients, events }
}

function linesIn(file: string): readonly string[] {
  if (!existsSync(file)) return []
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
