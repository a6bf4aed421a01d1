import type { Paths } from '../settings/paths.ts'
import type { HostEnvironment } from '../settings/host-environment.ts'
import { parseName } from '../store/queue.ts'
import { queuedNames } from '../store/queue.ts'
import { mustWait, readUploadState } from '../store/upload-state.ts'
import { pauseMs } from './policy.ts'

/** What is still to be tried in this session, oldest first, with what arrives meanwhile. */
export interface Backlog {
  readonly next: () => string | undefined
  /** This one cannot be delivered; it rests, and the others go on. */
  readonly rest: (name: string) => void
  /** The collector was not there for this one; next time it comes behind the others. */
  readonly postpone: (name: string) => void
  /** Every file that rests or is postponed, and until when. */
  readonly resting: () => Readonly<Record<string, string>>
}

/** `handed` holds what was handed out before, and gets what is handed out now: each comes once. */
export function openBacklog(
  { queue, uploads }: Pick<Paths, 'queue' | 'uploads'>,
  { now }: Pick<HostEnvironment, 'now'>,
  impatient: boolean,
  handed: Set<string>,
): Backlog {
  const resting = new Map(Object.entries(readUploadState(uploads).refused))
  let names: readonly string[] = []
  let at = 0

  const look = (): void => {
    at = 0
    const due = queuedNames(queue).filter(
      (name) => !handed.has(name) && (impatient || !mustWait(resting.get(name), now())),
    )
    // What was refused before comes last: a row of refusals must not end the session before the rest.
    names = [
      ...due.filter((name) => !resting.has(name)),
      ...due.filter((name) => resting.has(name)),
    ]
  }
  return {
    next: () => {
      if (at === names.length) look()
      const name = names[at]
      at += name === undefined ? 0 : 1
      if (name !== undefined) handed.add(name)
      return name
    },
    rest: (name) => {
      const age = now() - (parseName(name)?.at ?? now())
      resting.set(name, new Date(now() + pauseMs(age)).toISOString())
    },
    postpone: (name) => resting.set(name, new Date(now()).toISOString()),
    resting: () => {
      const waiting = new Set(queuedNames(queue))
      return Object.fromEntries([...resting].filter(([name]) => waiting.has(name)))
    },
  }
}
