import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'

import { allOf, type Sink } from 'runmat-telemetry-common/sink'

import type { SegmentSettings } from '../sink-settings.ts'
import { type Appender, openAppender, roomAt, syncFolder, troubleOf } from './append.ts'
import { folderError } from './folder-error.ts'
import { followSegments } from './follow-segments.ts'
import { makeFolder } from './make-folder.ts'
import { type Lease, takeNameLock } from './name-lock.ts'
import type { Remembered } from './remembered.ts'
import { type Clock, machineClock, openRetention } from './retention.ts'
import { type Day, dayOf, segmentName } from './segment-names.ts'

export interface Segments {
  readonly sink: Sink
  readonly remembered: Remembered
}

export interface SegmentOptions {
  readonly note: (message: string) => void
  readonly clock?: Clock | undefined
  readonly lease?: Lease
}

const folderGone = troubleOf({ code: 'ENOENT' })
const nameTaken = { cause: 'file: another worker has taken our name' }
const unread = { cause: 'file: what another worker stored under our name is not read yet' }

/**
 * One NDJSON file a day and worker, by day of arrival (UTC). Several workers may share the folder; each
 * has a name of its own, and a lock on it.
 */
export async function openSegments(
  { folder: given, worker, retentionDays }: Omit<SegmentSettings, 'kind'>,
  { note, clock = machineClock, lease }: SegmentOptions,
): Promise<Segments> {
  const folder = path.resolve(given)
  try {
    await makeFolder(folder)
    const lock = await takeNameLock(path.join(folder, `${worker}.lock`), lease)
    const retention =
      retentionDays === undefined ? undefined : openRetention(folder, retentionDays, clock, note)
    await retention?.act()

    /** The turn of our lock since which we know what is in our segments. */
    let turn = lock.turns()
    let segment: (Appender & { readonly day: Day }) | undefined
    const today = async (): Promise<Appender> => {
      const day = dayOf(clock.now())
      if (segment?.day === day) return segment
      const file = path.join(folder, segmentName(day, worker))
      const next = { ...(await openAppender(file, 'cut', lock.isHeld)), day }
      await segment?.close()
      if (segment !== undefined) void retention?.act()
      segment = next
      return next
    }
    // A crash may have left half a line, and a file that can't be written is best known now.
    const isThere = await exists(path.join(folder, segmentName(dayOf(clock.now()), worker)))
    if (isThere) await today()
    await syncFolder(folder)

    // Without the folder, such as a disk that is not mounted any more, there is no lock either.
    const notHeld = async () => {
      if (!(await exists(folder))) return folderGone
      const fault = lock.fault()
      return fault === undefined ? nameTaken : troubleOf(fault)
    }
    const sink: Sink = {
      name: 'file',
      inFlight: 1,
      store: async (events) => {
        if (!(await lock.isHeld())) return allOf(events, 'later', await notHeld())
        if (lock.turns() !== turn) return allOf(events, 'later', unread)
        try {
          const { append } = await today()
          await append(events.map(({ bytes }) => bytes))
          return allOf(events, 'stored')
        } catch (error) {
          return allOf(events, 'later', troubleOf(error))
        }
      },
      probe: async () => {
        if (!(await lock.isHeld())) return await notHeld()
        try {
          await access(folder, constants.W_OK)
          return (await segment?.probe()) ?? (await roomAt(folder))
        } catch (error) {
          return troubleOf(error)
        }
      },
      close: async () => {
        retention?.close()
        await segment?.close()
        await lock.release()
      },
    }
    const followed = await followSegments(folder, worker, clock.passed)
    const catchUp = async (): Promise<void> => {
      const now = lock.turns()
      if (now !== turn && (await followed.readOwn())) {
        // The other one may have left half a line.
        await segment?.close()
        segment = undefined
        turn = now
      }
      await followed.catchUp()
    }
    return { sink, remembered: { ...followed, catchUp } }
  } catch (error) {
    throw folderError(folder, error)
  }
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}
