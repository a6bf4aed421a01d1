import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import os from 'node:os'

/** Which process holds a lock. A PID means something only together with its machine and namespace. */
export interface Holder {
  readonly pid: number
  /** When the process started, by the kernel's clock; null where the kernel doesn't tell. */
  readonly born: string | null
  readonly place: string
  /** Tells the locks apart that one process takes. */
  readonly lock: string
}

export function newHolder(): Holder {
  return { pid: process.pid, born: birthOf('self'), place: place(), lock: randomUUID() }
}

/** Undefined if the text was written by another program, or in part. */
export function holderIn(text: string): Holder | undefined {
  try {
    const { pid, born, place: where, lock } = JSON.parse(text) as Partial<Holder>
    if (!Number.isSafeInteger(pid) || typeof where !== 'string') return undefined
    return { pid: pid as number, born: born ?? null, place: where, lock: lock ?? '' }
  } catch {
    return undefined
  }
}

/** Whether its PID can be looked up from here. */
export function isFromHere(holder: Holder): boolean {
  return holder.place === place()
}

export function isAlive({ pid, born }: Holder): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = birthOf(pid)
  return born === null || now === null || now === born
}

/** On Linux, PIDs hold within one PID namespace, until the machine is restarted. */
function place(): string {
  const boot = read('/proc/sys/kernel/random/boot_id') ?? ''
  const parts = [os.hostname(), boot, linkTo('/proc/self/ns/pid')]
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 16)
}

/** Fields 3 and 22 of Linux's process table, counted from the end of the name. A zombie has ended. */
function birthOf(pid: number | 'self'): string | null {
  // A container may see the /proc of its host, where its PIDs are other processes.
  if (linkTo('/proc/self') !== String(process.pid)) return null
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? null)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return undefined
  }
}

function linkTo(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}
