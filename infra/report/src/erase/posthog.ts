import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { dayOf } from '../days.ts'
import { ReportError, reasonOf } from '../error.ts'
import { isThere, stonesIn, type Tombstones } from './tombstones.ts'

/** Whom PostHog has deleted. A worker that sends to PostHog makes this file. */
const fileName = 'posthog-erased.ndjson'

/** What PostHog may still have. Nothing where no worker of the folder sends to PostHog. */
export function leftInPostHog(folder: string, { clients, events }: Tombstones): Tombstones {
  const file = path.join(folder, fileName)
  if (!isThere(file)) return { clients: new Set(), events: new Set() }
  const done = new Set(stonesIn(file).map(({ id }) => id))
  const left = (ids: ReadonlySet<string>) => new Set([...ids].filter((id) => !done.has(id)))
  return { clients: left(clients), events: left(events) }
}

/** Notes what an operator has deleted in PostHog. */
export function markDone(
  folder: string,
  { clients, events }: Tombstones,
  ids: readonly string[],
  now: number,
): void {
  const wanted = ids.map((id) => id.toLowerCase())
  const unknown = wanted.find((id) => !clients.has(id) && !events.has(id))
  if (unknown !== undefined) throw new ReportError(`Nobody asked to erase ${unknown}.`)
  const file = path.join(folder, fileName)
  if (!isThere(file)) throw new ReportError(`No worker of ${folder} sends to PostHog.`)
  const lines = wanted.map((id) => `${JSON.stringify({ id, day: dayOf(now) })}\n`)
  try {
    // Half a line, which a full disk left, must not swallow the next one.
    const text = readFileSync(file, 'latin1')
    const isTorn = text !== '' && !text.endsWith('\n')
    appendFileSync(file, `${isTorn ? '\n' : ''}${lines.join('')}`, { mode: 0o600, flush: true })
  } catch (error) {
    throw new ReportError(`Can't write ${file}: ${reasonOf(error)}.`)
  }
}
