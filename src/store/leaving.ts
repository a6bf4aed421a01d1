import { renameSync } from 'node:fs'
import path from 'node:path'

import { steadyMs } from '../files/clock.ts'
import { timestamp } from '../contract/timestamp.ts'
import { isUnread, namesIn, type Reading, readSmallFile, statLink } from '../files/read.ts'
import { putFile, removeFile, writeNewFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { type Environment, portTo } from '../settings/proxy.ts'
import { isOwnState } from './foreign.ts'
import { openDoubts, readLedger } from './ledger.ts'
import type { Sent } from './ledger-lines.ts'
import { isOlder, liveHolder, localClock } from './lock-holder.ts'
import { orphanMs, orphansLeft, orphansSendTo } from './orphans.ts'
import { isOthers } from './process-identity.ts'
import type { Stop } from './senders.ts'

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

/** Makes one that stands for as long as the kernel has something to send to this port. */
export function markKernel({ state }: Pick<Paths, 'state'>, port: number): void {
  try {
    putFile(path.join(state, `${prefix}${port}.tmp`), `{"port":${port}}\n`, false)
  } catch {
    // Nothing can be written, and so nothing more is sent.
  }
}

const prefix = 'leaving-'

export function isMark(name: string): boolean {
  return name.startsWith(prefix)
}

/**
 * Waits until nothing of that kind is under way. Something may still be at the end: an installer that was
 * suspended goes on later, and what one got no answer to may be in the kernel. The caller has written an
 * opt-out before the time `since`. `env`: says by which proxy installers send, too.
 */
export async function allHasLeft(paths: Places, since: number, env: Environment): Promise<Stop> {
  // In a folder that is not ours there are no marks of ours.
  if (!isOwnState(paths.state)) return { stopped: true }
  const end = since + longestMs + roundedMs
  let left: ReadonlySet<string> | undefined
  for (;;) {
    const isBusy = isLeaving(paths)
    left = isBusy ? undefined : orphansLeft(portsOf(marksIn(paths), env), left)
    if (left?.size === 0) break
    if (steadyMs() > end) return { stopped: false, ...(!isBusy && { isInKernel: true }) }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  sweepMarks(paths, env)
  return { stopped: true }
}

/** To which ports processes have posted that have ended, and of which the kernel may still have something. */
function portsOf(marks: readonly string[], env: Environment): ReadonlySet<number> {
  const young = marks.filter((mark) => !isOlder(mark, orphanMs, 'mtimeMs', localClock))
  const ports = young.map((mark) => portOfMark(mark, env))
  return new Set(ports.filter((port) => port !== undefined))
}

function portOfMark(mark: string, env: Environment): number | undefined {
  const reading = readMark(mark)
  const { endpoint } = sentIn(reading) ?? {}
  if (endpoint !== undefined) return portTo(endpoint, env)
  const text = reading.kind === 'read' ? reading.bytes.toString('latin1') : ''
  const [, port] = /^\{"port":(\d{1,5})\}\n$/.exec(text) ?? []
  return port === undefined ? undefined : Number(port)
}

/** Removes the marks of processes that have ended. What one of an installer's names goes on record. */
export function sweepMarks(paths: Places, env: Environment = {}): void {
  const doubt = openDoubts(paths.ledger)
  const dead = marksIn(paths).filter((mark) => !isUnderWay(mark))
  const inKernel = new Set([...portsOf(dead, env)].filter(orphansSendTo))
  for (const mark of dead) {
    const isInKernel = inKernel.size > 0 && inKernel.has(portOfMark(mark, env) ?? NaN)
    if (noteLeft(mark, doubt) && !isInKernel) removeFile(mark)
  }
}

/** It may have been killed before it could. False if the next one must try again. */
function noteLeft(mark: string, doubt: ReturnType<typeof openDoubts>): boolean {
  const reading = readMark(mark)
  const sent = sentIn(reading)
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

function readMark(mark: string): Reading {
  return readSmallFile(mark, 16 * 1024, { links: false })
}

/** Undefined if it is no mark of an installer's. */
function sentIn(reading: Reading): Pick<Sent, 'endpoint' | 'event'> | undefined {
  if (reading.kind !== 'read') return undefined
  try {
    const { endpoint, event } = JSON.parse(reading.bytes.toString('utf8')) as Partial<Sent>
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

/**
 * A post may outlive the script that has begun it. Of a script that was killed with its container, the
 * number may be that of any process here.
 */
function isUnderWay(mark: string): boolean {
  if (isWithin(statLink(mark)?.mtimeMs ?? NaN, longestMs)) return true
  const holder = liveHolder(mark)
  return holder !== undefined && !isOthers(holder)
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
