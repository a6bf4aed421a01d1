import { type Day, daysAfter, isWithin, type Window } from '../days.ts'
import { ReportError } from '../error.ts'

/** Days within which an event that comes again is known to be the same. */
export const memory = 31

/** The days to read: those asked for, and before them those that show which events are repeats. */
function readingWindow({ since, until }: Window): Window {
  return { since: since === undefined ? undefined : daysAfter(since, -memory), until }
}

/** Is this day one of them? */
export function isRead(day: Day, window: Window): boolean {
  return isWithin(day, readingWindow(window))
}

const move = 'Move it out of the folder and run this again.'

/**
 * Reads a file of one day of a folder. A report can do without a day that was not asked for, so if
 * such a file is damaged, it says so and continues.
 */
export async function unlessUnreadable<Value>(
  day: Day,
  window: Window,
  note: (text: string) => void,
  read: () => Promise<Value>,
): Promise<Value | undefined> {
  return await ifReadable(read, ({ message, hint = move }) => {
    if (isWithin(day, window)) throw new ReportError(message, { hint })
    if (isRead(day, window))
      note(`${message} The report continues without it: ${day} was not asked for.`)
  })
}

/** Undefined for an unreadable file, unless `otherwise` throws. */
export async function ifReadable<Value>(
  read: () => Promise<Value>,
  otherwise: (error: ReportError) => void,
): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ReportError && error.isUnreadable)) throw error
    otherwise(error)
    return undefined
  }
}
