import { accessSync, constants } from 'node:fs'
import path from 'node:path'

import { causeOf, codeOf } from '../files/errors.ts'
import { listFolder, look, statLink } from '../files/read.ts'
import type { Context } from '../settings/context.ts'
import { hasNoClientId } from '../store/client-id.ts'
import { readLedger } from '../store/ledger.ts'
import type { Sent } from '../store/ledger-lines.ts'
import { listQueue } from '../store/queue.ts'
import { CliError } from './error.ts'
import { tidy } from './words.ts'

export function isAllowed(file: string, mode: number): boolean {
  return refusal(file, mode) === undefined
}

/** By permissions alone: nothing is opened and nothing is written. */
function refusal(file: string, mode: number): unknown {
  try {
    accessSync(file, mode)
    return undefined
  } catch (error) {
    return error
  }
}

/** What stands in the way of a file, and the code of the error that a write would meet. */
export interface Obstacle {
  readonly place: string
  readonly code: string
}

/** What forbids us to write there: the nearest folder that exists decides for what is not there yet. */
export function forbidsWriting(file: string): Obstacle | undefined {
  let place = file
  while (statLink(place) === undefined && place !== path.dirname(place)) place = path.dirname(place)
  const mustBeFolder = place !== file
  if (mustBeFolder && look(place)?.isDirectory() !== true) return { place, code: 'ENOTDIR' }
  // A file is replaced, and so its folder has to let us.
  const folder = look(place)?.isDirectory() ? place : path.dirname(place)
  const error = refusal(folder, constants.W_OK | constants.X_OK)
  return error === undefined ? undefined : { place, code: codeOf(error) }
}

/** Says so if it is unknown at this moment what is waiting. */
export function unlistedText(context: Context): string | undefined {
  const { queue } = context.paths
  const { cause } = listFolder(queue)
  if (cause === undefined) return undefined
  return `${tidy(queue, context)} can't be listed (${cause}), so nobody knows what is waiting.`
}

/** What a queue that can't be used means. */
export const restsUntilMended = 'Nothing is kept there or sent from there until that is put right.'

/** An error where it is unknown at this moment what is waiting. */
export function requireListed(context: Context): void {
  const unlisted = unlistedText(context)
  if (unlisted !== undefined) throw new CliError(unlisted)
}

/** Is there certainly no client id, nothing waiting, nothing on record as sent? */
export const hasNone = {
  id: ({ paths }: Context): boolean => hasNoClientId(paths.clientId),
  waiting: (context: Context): boolean =>
    unlistedText(context) === undefined && listQueue(context.paths.queue).length === 0,
  sent: ({ paths }: Context): boolean => ledgerNow(paths.ledger)?.length === 0,
} as const

/**
 * Reads a file of ours that says what the collector has. Removed without having been read, that could
 * never be asked for again. `soFar` is what is true if it can't be read.
 */
export function needed<T>(file: string, context: Context, soFar: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new CliError(`${soFar}: ${tidy(file, context)} can't be read at this moment.`, {
      hint: 'It says what the collector is to erase. Put that right, then run this again.',
      cause: error,
    })
  }
}

/** What was sent, newest first. Undefined if that is unknown at this moment. */
export function ledgerNow(ledger: string): readonly Sent[] | undefined {
  try {
    return readLedger(ledger, true)
  } catch {
    return undefined
  }
}

/** The same, but an error if it is unknown. */
export function knownLedger(context: Context): readonly Sent[] {
  const { ledger } = context.paths
  try {
    return readLedger(ledger, true)
  } catch (error) {
    const why = `${tidy(ledger, context)} can't be read (${causeOf(error)})`
    throw new CliError(`${why}, so nobody knows what was sent.`, { cause: error })
  }
}

const full: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** A system error tells the file, and a person what happened, what that means and what to do. */
export function cannotWrite(
  error: unknown,
  context: Context,
  hint: (remedy: string) => string,
): unknown {
  const code = codeOf(error)
  if (code === '') return error
  // A write to an open file tells no path.
  const { path: file = context.paths.state } = (error ?? {}) as { path?: string }
  const remedy = full.has(code) ? 'Make room there' : 'Make that place writable'
  return new CliError(`Cannot write ${tidy(file, context)}: ${causeOf(error)}.`, {
    hint: hint(remedy),
    cause: error,
  })
}
