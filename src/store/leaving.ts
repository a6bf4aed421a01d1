import { renameSync } from 'node:fs'
import path from 'node:path'

import { steadyMs } from '../files/clock.ts'
import { timestamp } from '../contract/timestamp.ts'
import { isUnread, namesIn, readSmallFile, statLink } from '../files/read.ts'
import { removeFile, writeNewFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { isOwnState } from './foreign.ts'
import { openDoubts, readLedger } from './ledger.ts'
import type { Sent } from './ledger-lines.ts'
import { liveHolder } from './lock-holder.ts'

/**
 * What no process of ours can stop any more takes no longer. Our installers give a post three seconds; they
 * are scripts, and can't ask again before its last byte. As long, the kernel looks for the receiver of a
 * datagram in the local network.
 */
const longestMs = 4000
/** The clocks of installers may count whole seconds. */
const roundedMs = 1000

type Places = Pick<Paths, 'state' | 'ledger'>

/** Makes a mark that stands for that time, or until it is removed by what this returns. */
export function markLeaving({ state }: Pick<Paths, 'state'>, id: string): () => void {
  const mark = path.join(state, `${prefix}${id}.tmp`)
  try {
    writeNewFile(mark, '', false)
  } catch {
    // It was made for the same event, or nothing can be written any more.
  }
  return () => void removeFile(mark)
}

/** Makes one of the marker of a process that has ended while it sent. It stands since that marker was made. */
export function leaveToKernel({ state }: Pick<Paths, 'state'>, marker: string): boolean {
  try {
    renameSync(marker, path.join(state, `${prefix}${path.basename(marker)}.tmp`))
    return true
  } catch {
    return false
  }
}

const prefix = 'leaving-'

export function isMark(name: string): boolean {
  return name.startsWith(prefix)
}

/**
 * Waits until nothing of that kind is under way. False if something may still be: an installer that was
 * suspended goes on later. The caller has written an opt-out before the time `since`.
 */
export async function allHasLeft(paths: Places, since: number): Promise<boolean> {
  // In a folder that is not ours there are no marks of ours.
  if (!isOwnState(paths.state)) return true
  const end = since + longestMs + roundedMs
  while (isLeaving(paths)) {
    if (steadyMs() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  sweepMarks(paths)
  return true
}

/** Removes the marks of processes that have ended. What one of an installer's names goes on record. */
export function sweepMarks(paths: Places): void {
  const doubt = openDoubts(paths.ledger)
  for (const mark of marksIn(paths)) {
    if (!isUnderWay(mark) && noteLeft(mark, doubt)) removeFile(mark)
  }
}

/** It may have been killed before it could. False if the next one must try again. */
function noteLeft(mark: string, doubt: ReturnType<typeof openDoubts>): boolean {
  const reading = readSmallFile(mark, 16 * 1024, { links: false })
  const sent = reading.kind === 'read' ? eventIn(reading.bytes) : undefined
  if (sent === undefined) return !isUnread(reading)
  const { endpoint, event } = sent
  const sentAt = timestamp(statLink(mark)?.mtimeMs ?? Date.now())
  try {
    doubt({ sentAt, endpoint, via: 'installer', confirmed: false }, JSON.stringify(event))
    return true
  } catch {
    return false
  }
}

/** Undefined if it is no mark of an installer's. */
function eventIn(bytes: Buffer): Pick<Sent, 'endpoint' | 'event'> | undefined {
  try {
    const { endpoint, event } = JSON.parse(bytes.toString('utf8')) as Partial<Sent>
    const isEvent = typeof event === 'object' && event !== null
    return typeof endpoint === 'string' && isEvent ? { endpoint, event } : undefined
  } catch {
    return undefined
  }
}

/**
 * install.sh makes such marks, too, with its process in them. install.ps1 can't remove one, as its posts
 * go on without it, but puts each on record first.
 */
function isLeaving(paths: Places): boolean {
  if (marksIn(paths).some(isUnderWay)) return true
  if (!isWithin(statLink(paths.ledger)?.mtimeMs ?? NaN, longestMs)) return false
  const last = readLedger(paths.ledger).find(({ via }) => via === 'installer')
  const { method } = (last?.event ?? {}) as { method?: unknown }
  return method === 'powershell' && isWithin(Date.parse(last?.sent_at ?? ''), longestMs + roundedMs)
}

/** A post may outlive the script that has begun it. */
function isUnderWay(mark: string): boolean {
  return isWithin(statLink(mark)?.mtimeMs ?? NaN, longestMs) || liveHolder(mark) !== undefined
}

function marksIn({ state }: Places): readonly string[] {
  return namesIn(state)
    .filter(isMark)
    .map((name) => path.join(state, name))
}

/** Not that long ago? A time that lies ahead was written by a wrong clock. */
function isWithin(time: number, ms: number): boolean {
  const age = Date.now() - time
  return age > -roundedMs && age < ms
}
