import { steadyMs } from '../files/clock.ts'
import type { Context } from '../settings/context.ts'
import type { Role } from '../settings/files.ts'
import type { Paths } from '../settings/paths.ts'
import { portTo } from '../settings/proxy.ts'
import { noteInFlight } from './in-flight.ts'
import { allHasLeft } from './leaving.ts'
import { liveHolder } from './lock-holder.ts'
import { otherStates } from './other-states.ts'
import { type Wiped, wipeQueue } from './queue.ts'
import { type Stop, stopSenders } from './senders.ts'
import { type Changes, changeSettings, SettingsError } from './settings-file.ts'

export interface OptOut extends Stop, Wiped {
  /** Has any file changed? */
  readonly changed: boolean
  /** The files that contain the opt-out now. */
  readonly files: readonly string[]
  /** The files that could not be changed. */
  readonly failures: readonly SettingsError[]
}

export interface Target {
  readonly file: string
  readonly role: Role
  readonly changes: Changes
}

/**
 * Writes an opt-out. The order matters: first no sender may start any more, then those at work must
 * end, then the queue is deleted. If a file can't be changed, the rest still happens.
 */
export async function optOut(
  context: Context,
  targets: readonly Target[],
  { keepQueue = false }: { readonly keepQueue?: boolean } = {},
): Promise<OptOut> {
  const first = write(targets)
  const places = placesOf(context)
  const stop = await stopAll(context, places)
  noteAll(context, stop, places)
  const deleted = keepQueue ? { wiped: 0 } : wipe(places)
  const { wiped } = deleted
  // If the disk was full, there is room now that the queue is deleted.
  const second = wiped > 0 ? write(first.failed) : first
  const files = wiped > 0 ? [...first.files, ...second.files] : first.files
  return {
    changed: first.changed || second.changed,
    files,
    failures: second.failures,
    ...stop,
    ...deleted,
  }
}

function placesOf(context: Context): readonly Paths[] {
  return [context.paths, ...otherStates(context)]
}

/** Waits until nothing is being sent any more, as far as this machine can tell. */
export async function stopAll(context: Context, places = placesOf(context)): Promise<Stop> {
  const { env } = context.environment
  const usual = portTo(context.choices.endpoint.value, env)
  const since = steadyMs()
  const stops = await Promise.all(places.map((paths) => stopSenders(paths, usual)))
  const failed = stops.find(({ stopped }) => !stopped)
  // Whatever else there is to wait for, this must be run again.
  if (failed) return failed
  const ends = await Promise.all(places.map((paths) => allHasLeft(paths, since, env)))
  return ends.find(({ stopped }) => !stopped) ?? { stopped: true }
}

/** Deletes the queue, wherever this user has one. */
export function wipeAll(context: Context, stop: Stop): Wiped {
  const places = placesOf(context)
  noteAll(context, stop, places)
  return wipe(places)
}

/** Puts on record what uploaders were posting that were killed. */
function noteAll(context: Context, { stopped }: Stop, places: readonly Paths[]): void {
  for (const paths of places) {
    if (liveHolder(paths.lock) === undefined) noteQuietly(context, paths, { isKept: !stopped })
  }
}

function wipe(places: readonly Paths[]): Wiped {
  const all = places.map(({ queue }) => wipeQueue(queue))
  const kept = all.find((one) => one.kept)?.kept
  return { wiped: all.reduce((sum, { wiped }) => sum + wiped, 0), ...(kept && { kept }) }
}

function noteQuietly(...note: Parameters<typeof noteInFlight>): void {
  try {
    noteInFlight(...note)
  } catch {
    // The next uploader or `disable` tries again.
  }
}

/** A no is written over whatever another program has just written. */
function insist(change: () => boolean): boolean {
  try {
    return change()
  } catch (error) {
    if (!(error instanceof SettingsError) || !error.problem.isPassing) throw error
    return change()
  }
}

interface Written {
  readonly changed: boolean
  readonly files: readonly string[]
  readonly failed: readonly Target[]
  readonly failures: readonly SettingsError[]
}

function write(targets: readonly Target[]): Written {
  let changed = false
  const files: string[] = []
  const failed: Target[] = []
  const failures: SettingsError[] = []
  for (const target of targets) {
    const { file, role, changes } = target
    try {
      if (insist(() => changeSettings(file, role, changes))) changed = true
      files.push(file)
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error
      failed.push(target)
      failures.push(error)
    }
  }
  return { changed, files, failed, failures }
}
