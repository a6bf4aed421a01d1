import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { steadyMs } from '../files/clock.ts'
import { codeOf } from '../files/errors.ts'
import { listFolder, namesIn } from '../files/read.ts'
import { makeFolder, privateFile, removeFile } from '../files/write.ts'
import type { Paths } from '../settings/paths.ts'
import { isOwnState } from './foreign.ts'
import { portInFlight } from './in-flight.ts'
import { leaveToKernel } from './leaving.ts'
import {
  foreignLock,
  isOlder,
  isWithinDoubt,
  liveHolder,
  localClock,
  readLock,
} from './lock-holder.ts'
import { orphanMs, orphansLeft } from './orphans.ts'
import {
  type Holder,
  isFromElsewhere,
  isProvenUploader,
  nobody,
  signatureOf,
  thisHolder,
} from './process-identity.ts'

type State = Pick<Paths, 'state'>

/**
 * Marks an event as being sent by this process. The marker comes before the last check of consent, so
 * either that check sees an opt-out or the opt-out sees the marker. Returns a function that removes
 * it; undefined if the marker can't be made. The event must not be sent then. `port`: to which it is sent.
 */
export function markSending(paths: State, name: string, port?: number): (() => void) | undefined {
  if (!isOwnState(paths.state)) return undefined
  const folder = sendersFolder(paths)
  const file = path.join(folder, name)
  signature ??= signatureOf(thisHolder())
  const text = `${signature}${port === undefined ? '' : `,"port":${port}`}}\n`
  const since = Date.now()
  try {
    try {
      writeFileSync(file, text, { mode: privateFile })
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      makeFolder(folder)
      writeFileSync(file, text, { mode: privateFile })
    }
  } catch {
    return undefined
  }
  // Suspended before it had signed, it may have lost the marker to a process that took it for dead.
  if (isWithinDoubt(since)) return () => void removeFile(file)
  removeFile(file)
  return undefined
}

let signature: string | undefined

/** What the names of datagrams' markers end in. */
export const datagramEnd = '.udp'

/**
 * The events that living processes are sending now and began to send within `sinceMs`. Undefined if the
 * folder that says so can't be listed.
 */
export function eventsBeingSent(paths: State, sinceMs = Infinity): ReadonlySet<string> | undefined {
  const folder = sendersFolder(paths)
  const { names, cause } = listFolder(folder)
  if (cause !== undefined) return undefined
  const isBeingSent = (file: string) =>
    liveHolder(file) !== undefined && !isOlder(file, sinceMs, 'ctimeMs', localClock)
  return new Set(names.filter((name) => isBeingSent(path.join(folder, name))))
}

/**
 * Removes the markers of processes that have ended. True if there were any. One of a datagram goes on to
 * say that the kernel may still have it.
 */
export function removeDeadSenders(paths: State): boolean {
  const dead = deadSenders(paths)
  const remove = (file: string) =>
    file.endsWith(datagramEnd) ? leaveToKernel(paths, file) : removeFile(file)
  return dead.filter(remove).length > 0
}

function deadSenders(paths: State): readonly string[] {
  const folder = sendersFolder(paths)
  const files = namesIn(folder).map((name) => path.join(folder, name))
  return files.filter((file) => liveHolder(file) === undefined)
}

function sendersFolder({ state }: State): string {
  return path.join(state, 'senders')
}

/** How long senders may take to notice an opt-out, and how long a killed one to end. */
const patience = { noticeMs: 1300, dieMs: 600 } as const

export interface Stop {
  /** False if a process may still be sending. */
  readonly stopped: boolean
  /** All of those are in other containers or on other machines, where no one here can look. */
  readonly elsewhere?: boolean
  /** What may still be sending is the kernel, for a process that was killed. */
  readonly isInKernel?: boolean
  /** The folder that says who is sending can't be listed. */
  readonly unlisted?: { readonly path: string; readonly cause: string }
}

/**
 * Waits until every process that is sending now has stopped. The caller has written an opt-out or
 * another address, so each of them stops within a moment, and any that begins later has seen it. A
 * process that hangs is killed if it is certainly an uploader. `usual`: the port to which they most
 * likely send.
 */
export async function stopSenders(
  paths: Pick<Paths, 'state' | 'lock'>,
  usual?: number,
): Promise<Stop> {
  // In a folder that is not ours no process of ours is at work, and any PID may be written there.
  if (!isOwnState(paths.state)) return { stopped: true }
  const folder = sendersFolder(paths)
  const { names, cause } = listFolder(folder)
  const files = [paths.lock, ...names.map((name) => path.join(folder, name))]
  const found = sendersNow(files)
  wake(found.get(paths.lock))
  let left = await remaining(found, patience.noticeMs)
  const uploader = left.get(paths.lock)
  const isKilled = uploader !== undefined && !foreignLock(paths.lock) && killUploader(uploader)
  if (left.size > 0) left = await remaining(left, patience.dieMs)
  if (left.size > 0) {
    const elsewhere = [...left.values()].every(isFromElsewhere)
    return { stopped: false, ...(elsewhere && { elsewhere }) }
  }
  if (cause !== undefined) return { stopped: false, unlisted: { path: folder, cause } }
  // What they had handed to the kernel goes on without them.
  const isUnknown = isKilled && usual !== undefined && portInFlight(paths) === undefined
  const ports = new Set([...portsOfKilled(paths, usual), ...(isUnknown ? [usual] : [])])
  if (!(await hasLeft(ports, patience.dieMs))) return { stopped: false, isInKernel: true }
  removeDeadSenders(paths)
  return { stopped: true }
}

/** One that is suspended notices nothing, and only it knows what it has sent. */
function wake(uploader: Holder | undefined): void {
  if (uploader !== undefined && isProvenUploader(uploader)) signal(uploader, 'SIGCONT')
}

/** To which ports uploaders and hosts were posting that were killed not long ago. */
export function portsOfKilled(paths: State, usual: number | undefined): ReadonlySet<number> {
  const markers = deadSenders(paths).filter(mayBeInKernel)
  const ports = [portInFlight(paths), ...markers.map((marker) => portIn(marker) ?? usual)]
  return new Set(ports.filter((port) => port !== undefined))
}

function mayBeInKernel(marker: string): boolean {
  return !marker.endsWith(datagramEnd) && !isOlder(marker, orphanMs, 'mtimeMs', localClock)
}

/** Markers of older versions don't say it. */
function portIn(marker: string): number | undefined {
  const [, port] = /,"port":(\d{1,5})\}\n$/.exec(readLock(marker)?.text ?? '') ?? []
  return port === undefined ? undefined : Number(port)
}

/** Has all left that killed processes had written to their connections? */
async function hasLeft(ports: ReadonlySet<number>, withinMs: number): Promise<boolean> {
  const end = steadyMs() + withinMs
  let left = orphansLeft(ports, undefined)
  while (left.size > 0) {
    if (steadyMs() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
    left = orphansLeft(ports, left)
  }
  return true
}

/** The processes that are sending, by the lock or the marker that says so. */
type Senders = ReadonlyMap<string, Holder>

function sendersNow(files: readonly string[]): Senders {
  return new Map(
    files.flatMap((file) => {
      const holder = liveHolder(file)
      return holder === undefined ? [] : [[file, holder] as const]
    }),
  )
}

/** Those of them that are still sending after that time; none as soon as all have stopped. */
async function remaining(senders: Senders, withinMs: number): Promise<Senders> {
  // By the clock, not by counting rounds: on a busy machine a round can take much longer.
  const end = steadyMs() + withinMs
  let left = senders
  for (;;) {
    left = new Map([...left].flatMap(stillSending))
    if (left.size === 0 || steadyMs() > end) return left
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A marker that can't be read still counts as that of the process that was last seen in it, if any was. */
function stillSending([file, before]: readonly [string, Holder]): [string, Holder][] {
  const now = liveHolder(file)
  if (now === undefined) return []
  if (now.pid === nobody.pid) return [[file, before]]
  return before.pid === nobody.pid || isSame(before, now) ? [[file, now]] : []
}

function isSame(one: Holder, other: Holder): boolean {
  return one.pid === other.pid && one.born === other.born && one.place === other.place
}

/** A lock's holder renews it every few seconds; after so long without, it hangs. */
const hangsMs = 15_000

export function holderHangs(lock: string): boolean {
  return isOlder(lock, hangsMs, 'mtimeMs', localClock)
}

/** Kills the process if its start time, machine and environment prove that it is an uploader. */
export function killUploader(holder: Holder): boolean {
  if (!isProvenUploader(holder)) return false
  signal(holder, 'SIGKILL')
  return true
}

function signal({ pid }: Holder, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended just now.
  }
}
