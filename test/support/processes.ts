import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

import { eventually } from './eventually.ts'
import type { Home } from './home.ts'

/**
 * The processes that have this home anywhere in their environment: hosts, uploaders, and whatever
 * else one of them may have started. Only Linux tells; elsewhere there seem to be none.
 */
export function processesOf(home: Home): readonly number[] {
  const known = new Set<number>()
  const found: number[] = []
  for (;;) {
    // One that started while we looked may be all that is left of one that has ended since.
    const others = numbersIn('/proc').filter((pid) => !known.has(pid))
    if (others.length === 0) return found
    for (const pid of others) {
      known.add(pid)
      if (environmentOf(pid).includes(home.path)) found.push(pid)
    }
  }
}

/** Waits until nothing runs in this home any more. */
export async function nothingRuns(home: Home, timeout = 30_000): Promise<void> {
  const check = () => {
    const pids = processesOf(home)
    if (pids.length > 0) throw new Error(`still running: ${pids.map(describe).join('; ')}`)
  }
  // Reading the environment of every process costs more than the check of most conditions.
  await eventually(check, { timeout, interval: 50 })
}

/** Ends whatever has one of these folders anywhere in its environment, and what it started meanwhile. */
export function endProcessesIn(folders: readonly string[]): void {
  for (;;) {
    const found = numbersIn('/proc').filter((pid) => {
      const environment = environmentOf(pid)
      return folders.some((folder) => environment.includes(folder)) && isRunning(pid)
    })
    if (found.length === 0) return
    for (const pid of found) endProcess(pid)
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A zombie has ended and waits for its parent to read its status.
  return stateOf(pid) !== 'Z'
}

/** The processes that this one started and that still run, and those that they started. */
export function childrenOf(pid: number): readonly number[] {
  return numbersIn(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
}

/** One letter of the process table: R for running, T for stopped, Z for ended. */
export function stateOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] ?? ''
}

/** The leader of a process's session, and its terminal by number: 0 for none. */
export function sessionOf(pid: number): { readonly leader: number; readonly terminal: number } {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { leader: Number(fields[3]), terminal: Number(fields[4]) }
}

function describe(pid: number): string {
  return `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`
}

function environmentOf(pid: number): string {
  if (pid === process.pid) return ''
  for (;;) {
    const environment = read(`/proc/${pid}/environ`)
    if (environment !== '') return environment
    // While a process becomes another program it has neither arguments nor an environment.
    if (read(`/proc/${pid}/cmdline`) !== '') return read(`/proc/${pid}/environ`)
    if (!hasProgram(pid)) return ''
  }
}

/** Threads of the kernel and processes that have ended have none. */
function hasProgram(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== ''
  } catch {
    return false
  }
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isSafeInteger)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
