import path from 'node:path'

import { stillIn } from '../files/read.ts'
import { removeFile } from '../files/write.ts'
import type { Context } from '../settings/context.ts'
import { parseName, queuedNames } from '../store/queue.ts'
import { eventsBeingSent } from '../store/senders.ts'
import { mustWait, type UploadState } from '../store/upload-state.ts'
import { pauseMs } from './policy.ts'
import { uploadStateOf } from './schedule.ts'

/** The events still to be tried in this session, oldest first, including those that arrive meanwhile. */
export interface Backlog {
  readonly next: () => string | undefined
  /** Is an event being sent by a host that may still get it confirmed? */
  readonly awaitsHosts: () => boolean
  /** The collector has it. */
  readonly done: (name: string) => void
  /** This event can't be delivered now. It rests, and the others go on. */
  readonly rest: (name: string) => void
  /** The collector was unavailable for this event. In the next session it comes after the others. */
  readonly postpone: (name: string) => void
  /** What the next session must know about files that stay in the queue. */
  readonly remaining: () => Pick<UploadState, 'refused' | 'delivered'>
}

/** A host's own post is settled by then, unless the host is frozen. */
const longestLivePostMs = 8000

/** `handed` contains what was handed out before and gets what is handed out now: each event once. */
export function openBacklog(context: Context, impatient: boolean, handed: Set<string>): Backlog {
  const { paths, environment } = context
  const { now } = environment
  const state = uploadStateOf(context)
  // It may name events that were delivered and must not be sent again.
  if (state.unread !== undefined) throw new Error(`Cannot read ${paths.uploads}: ${state.unread}.`)
  const resting = new Map(Object.entries(state.refused))
  // Delivered, but the file can't be removed. It must not be sent again.
  const delivered = new Set<string>()
  let names: readonly string[] = []
  let at = 0
  let isAwaiting = false

  const done = (name: string): void => {
    if (!removeFile(path.join(paths.queue, name))) delivered.add(name)
  }
  const look = (): void => {
    at = 0
    const waiting = queuedNames(paths.queue).filter(
      (name) => !handed.has(name) && !delivered.has(name),
    )
    const due = waiting.filter((name) => impatient || !mustWait(resting.get(name), now()))
    // Read before any of these files: a host removes the file first, then its marker.
    const elsewhere = eventsBeingSent(paths, longestLivePostMs)
    const isElsewhere = (name: string): boolean => {
      const { id, at: queuedAt } = parseName(name) ?? { id: '', at: 0 }
      // A host queues an event that it is still sending. If nobody can tell, that may be any new one.
      return elsewhere?.has(id) ?? Math.abs(now() - queuedAt) < longestLivePostMs
    }
    const free = due.filter((name) => !isElsewhere(name))
    isAwaiting = free.length < due.length
    // Refused events come last: a series of refusals must not end the session before the others.
    names = [
      ...free.filter((name) => !resting.has(name)),
      ...free.filter((name) => resting.has(name)),
    ]
  }
  for (const name of state.delivered) done(name)
  return {
    next: () => {
      if (at === names.length) look()
      const name = names[at]
      at += name === undefined ? 0 : 1
      if (name !== undefined) handed.add(name)
      return name
    },
    awaitsHosts: () => isAwaiting,
    done,
    rest: (name) => {
      const age = now() - (parseName(name)?.at ?? now())
      resting.set(name, new Date(now() + pauseMs(age)).toISOString())
    },
    postpone: (name) => resting.set(name, new Date(now()).toISOString()),
    remaining: () => {
      const left = new Set(stillIn(paths.queue, [...resting.keys(), ...delivered]))
      return {
        refused: Object.fromEntries([...resting].filter(([name]) => left.has(name))),
        delivered: [...delivered].filter((name) => left.has(name)),
      }
    },
  }
}
