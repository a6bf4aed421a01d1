import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { runmat } from '../../src/product/runmat.ts'
import { buildUsage } from '../../src/record/usage.ts'
import { enqueue } from '../../src/store/queue.ts'
import { freshStats } from '../../src/store/stats.ts'
import type { Home } from './home.ts'

export interface QueuedEvent {
  readonly id: string
  readonly bytes: string
}

/** An event as a host would queue it; what is given takes the place of what is true. */
export function makeEvent(
  sequence: number,
  { at = Date.now(), trigger = 'first_seen_for_version' } = {},
): QueuedEvent {
  const id = randomUUID()
  const moment = `${new Date(at).toISOString().slice(0, 19)}Z`
  const bytes = buildUsage(runmat, {
    eventId: id,
    installId: 'f3c1e6a2-64a5-4b9b-9a70-3d0d8a1c5d11',
    trigger,
    at: moment,
    version: `0.6.${sequence % 1000}`,
    platform: 'linux',
    arch: 'x64',
    stats: { ...freshStats(moment), sequence, subcommand_counts: { run: sequence } },
  })
  if (bytes === undefined) throw new Error('that makes no event')
  return { id, bytes }
}

/** A person has read the notice, which tests take from a pipe. */
export function readNotice(state: string): void {
  const file = path.join(state, 'stats.json')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (text.includes('"notice":0')) writeFileSync(file, text.replace('"notice":0', '"notice":1'))
}

/** Puts so many events into the queue, as hosts do on a machine whose user has seen the notice. */
export function fillQueue(home: Home, count: number, first = 1): readonly QueuedEvent[] {
  const stats = path.join(home.state, 'stats.json')
  if (!home.has(stats)) {
    home.write(stats, JSON.stringify({ ...freshStats('2026-01-01T00:00:00Z'), notice: 1 }))
  }
  return Array.from({ length: count }, (_, index) => {
    const sequence = first + index
    const event = makeEvent(sequence)
    enqueue(queueFolder(home), { sequence, at: Date.now(), id: event.id }, event.bytes)
    return event
  })
}

export function queueFolder(home: Home): string {
  return path.join(home.state, 'queue')
}

/** Every file of the queue, also one that another program put there, and what it holds. */
export function queueContent(home: Home): Readonly<Record<string, string>> {
  const folder = queueFolder(home)
  return Object.fromEntries(
    namesIn(folder).map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]),
  )
}

export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
