import { readFileSync } from 'node:fs'

import { builtin } from '../files/builtin.ts'
import { codeOf } from '../files/errors.ts'
import { hash32 } from '../files/hash.ts'
import { linkTo } from '../files/read.ts'

/** Names the variable that makes a process an uploader, and says for which product. */
export const productVariable = 'TELEMETRY_UPLOADER_PRODUCT'

/** Which process holds a lock. PIDs are reused, and every container and machine has its own. */
export interface Holder {
  readonly pid: number
  /** When the process started, by the kernel's clock; null if the kernel doesn't tell. */
  readonly born: string | null
  /** The machine and namespace in which the PID is valid; null in locks of older versions. */
  readonly place: string | null
}

/** The content of a free lock, in place of a holder. */
export const nobody: Holder = { pid: 0, born: null, place: null }

/**
 * The beginning of a JSON object that names the holder. It always has the same length, so that it
 * can be written over another one.
 */
export function signatureOf({ pid, born, place }: Holder): string {
  const text = (value: string | null, width: number) => JSON.stringify(value).padStart(width)
  return `{"pid":${String(pid).padStart(10)},"born":${text(born, 16)},"place":${text(place, 18)}`
}

const form = /^\{"pid": *(\d+)(?:,"born": *(?:"(\w+)"|null))?(?:,"place": *(?:"(\w+)"|null))?/

export function holderIn(text: string): Holder {
  const [, pid = 0, born = null, place = null] = form.exec(text) ?? []
  return { pid: Number(pid), born, place }
}

export function thisHolder(): Holder {
  return (own ??= { pid: process.pid, born: birthOf('self'), place: placeOfThisProcess() })
}

let own: Holder | undefined

/** The same for every call of this process, and for no other process anywhere. */
export function nameOfThisProcess(): string {
  const { pid, born, place } = thisHolder()
  return `${pid}-${born}-${place}`
}

/** A PID from another container or machine is meaningless here. It must not be looked up or killed. */
export function isFromElsewhere({ place }: Holder): boolean {
  return place !== null && place !== thisHolder().place
}

/** Does this process run, and is it the one that took the lock? Only for holders from here. */
export function isAlive({ pid, born }: Holder): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  const now = birthOf(pid)
  if (born === null) return now !== 'ended'
  return now === null || now === born
}

/** Does the process belong to another user? For a number that nothing else proves to be one of ours. */
export function isOthers({ pid }: Holder): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** May we kill this process? Only if its start time, machine and environment prove that it is our uploader. */
export function isProvenUploader(holder: Holder): boolean {
  if (holder.born === null || holder.place === null || isFromElsewhere(holder)) return false
  if (holder.pid === process.pid || birthOf(holder.pid) !== holder.born) return false
  return startedAsUploader(holder.pid)
}

/** Was this process or its parent started as an uploader, even if the variable is gone since? */
export function isOfUploader(): boolean {
  // Where the kernel doesn't tell of this process, it has other numbers.
  if (birthOf('self') === null) return false
  return startedAsUploader('self') || startedAsUploader(process.ppid)
}

/** By the environment that the process got. It stays readable whatever the process does with its own. */
function startedAsUploader(pid: number | 'self'): boolean {
  const entries = (read(`/proc/${pid}/environ`) ?? '').split('\0')
  return entries.some((entry) => entry.startsWith(`${productVariable}=`))
}

/**
 * On Linux, PIDs hold within one PID namespace, until the machine is restarted. Elsewhere only the
 * name of the machine is known.
 */
function placeOfThisProcess(): string {
  const boot = process.platform === 'linux' ? read('/proc/sys/kernel/random/boot_id') : undefined
  const place = `${boot ?? builtin('node:os').hostname()} ${linkTo('/proc/self/ns/pid') ?? ''}`
  return hash32(place) + hash32(`.${place}`)
}

/**
 * Fields 3, 20 and 22 of /proc/PID/stat, counted from the end of the name, which may contain anything. A
 * zombie has ended, unless some of its threads still run; no process starts at `ended`.
 */
function birthOf(pid: number | 'self'): string | null {
  if (process.platform !== 'linux') return null
  // A container may see the /proc of its host, where its PIDs are other processes.
  isProcOurs ??= linkTo('/proc/self') === String(process.pid)
  const stat = isProcOurs ? read(`/proc/${pid}/stat`) : undefined
  if (stat === undefined) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const hasEnded = fields[0] === 'Z' && Number(fields[17]) <= 1
  return hasEnded ? 'ended' : (fields[19] ?? null)
}

let isProcOurs: boolean | undefined

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined
  }
}
