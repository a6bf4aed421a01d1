import {
  link,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import path from 'node:path'

import { FolderError } from './folder-error.ts'
import { holderIn, isAlive, isFromHere, newHolder } from './holder.ts'

/** Keeps two workers from writing under one name, in other containers and on other machines too. */
export interface NameLock {
  /** False while it can't be renewed, or another process has it, because this one was frozen for long. */
  readonly isHeld: () => Promise<boolean>
  /** How often it was taken. If more than once, another process may have had it in between. */
  readonly turns: () => number
  /** Why it could not be renewed, if it could not. */
  readonly fault: () => unknown
  readonly release: () => Promise<void>
}

export interface Lease {
  /** A holder from elsewhere that has not renewed its lock for so long is taken for dead. */
  readonly ms: number
  readonly renewMs: number
}

export const usualLease: Lease = { ms: 10_000, renewMs: 2000 }

const pollMs = 200
const dayMs = 86_400_000

/**
 * Takes the lock, or rejects while another process holds it. A holder on this machine is looked up. One
 * from elsewhere is watched: it renews its lock, and no clock is compared with another.
 */
export async function takeNameLock(file: string, lease: Lease = usualLease): Promise<NameLock> {
  const holder = newHolder()
  const textAt = (count: number) =>
    `${JSON.stringify({ ...holder, renewed: String(count).padStart(12) })}\n`
  let handle: FileHandle | undefined
  let renewals = 0
  let renewedAt = 0
  let turns = 0
  let seen: { readonly text: string; readonly since: number } | undefined

  const attempt = async (): Promise<'ours' | 'held' | 'unclear'> => {
    const found = await textIn(file)
    if (found === undefined) return (await create(file, textAt(0))) ? await took() : 'unclear'
    const other = holderIn(found)
    // It was ours already, but could not be opened.
    if (other?.lock === holder.lock) return await took()
    if (other !== undefined && isFromHere(other)) {
      if (isAlive(other)) return 'held'
    } else if (seen?.text !== found) {
      const isRenewed = seen !== undefined
      seen = { text: found, since: performance.now() }
      return isRenewed ? 'held' : 'unclear'
    } else if (performance.now() - seen.since < lease.ms) return 'unclear'
    return (await inherit(file, found, textAt(0))) ? await took() : 'unclear'
  }
  const took = async (): Promise<'ours'> => {
    await handle?.close()
    handle = await open(file, 'r+')
    renewedAt = performance.now()
    renewals = 0
    turns += 1
    seen = undefined
    return 'ours'
  }
  const renew = async (): Promise<void> => {
    const found = await textIn(file)
    if (found === undefined || holderIn(found)?.lock !== holder.lock) {
      await handle?.close()
      handle = undefined
      return
    }
    renewals += 1
    await handle?.write(textAt(renewals), 0)
    renewedAt = performance.now()
  }

  for (;;) {
    const state = await attempt()
    if (state === 'ours') break
    if (state === 'held') {
      throw new FolderError(`Another worker has this name and holds ${file}. Set WORKER_NAME.`)
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(pollMs, lease.ms / 4)))
  }

  await removeUnfinished(file).catch(() => undefined)

  // One step at a time: a slow disk must not make two of them overlap.
  let step: Promise<unknown> = Promise.resolve()
  let fault: unknown
  const next = (action: () => Promise<unknown>): Promise<unknown> => {
    const act = async (): Promise<void> => {
      try {
        await action()
        fault = undefined
      } catch (error) {
        fault = error
      }
    }
    step = step.then(act)
    return step
  }
  const timer = setInterval(() => {
    void next(() => (handle === undefined ? attempt() : renew()))
  }, lease.renewMs).unref()

  return {
    isHeld: async () => {
      const isRecent = () => performance.now() - renewedAt < lease.ms / 2
      if (handle !== undefined && !isRecent()) await next(renew)
      return handle !== undefined && isRecent()
    },
    turns: () => turns,
    fault: () => fault,
    release: async () => {
      clearInterval(timer)
      await next(renew)
      if (handle === undefined) return
      // The lock of an ended process counts no more, so that one which stays hurts nobody.
      await handle.close().catch(() => undefined)
      await rm(file, { force: true }).catch(() => undefined)
    },
  }
}

async function textIn(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const newFile = { mode: 0o600, flag: 'wx' } as const
/** What a file system without hard links answers: SMB, exFAT, buckets that look like folders. */
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** The lock appears with its content: nobody reads half of it. */
async function create(file: string, text: string): Promise<boolean> {
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    await writeFile(temporary, text, newFile)
    await link(temporary, file).catch(async (error: NodeJS.ErrnoException) => {
      if (!withoutLinks.has(error.code ?? '')) throw error
      // Who reads half of it takes it for a lock from elsewhere, and watches it.
      await writeFile(file, text, newFile)
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    // The lock is taken or not, whatever becomes of this.
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

/** What processes left that were killed while they made a lock, which takes no day. */
async function removeUnfinished(file: string): Promise<void> {
  const folder = path.dirname(file)
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${path.basename(file)}.`) || !name.endsWith('.tmp')) continue
    const temporary = path.join(folder, name)
    if (Date.now() - (await stat(temporary)).mtimeMs > dayMs) await rm(temporary, { force: true })
  }
}

/**
 * Two processes may find the same dead lock. Only the one that created the successor may rename it over
 * the lock, and only after reading the lock again.
 */
async function inherit(file: string, dead: string, text: string): Promise<boolean> {
  const successor = `${file}.takeover`
  if (!(await create(successor, text))) {
    const maker = holderIn((await textIn(successor)) ?? '')
    // Its maker died between two system calls.
    if (maker === undefined || !isFromHere(maker) || !isAlive(maker)) {
      await rm(successor, { force: true })
    }
    return false
  }
  if ((await textIn(file)) !== dead) {
    await rm(successor, { force: true })
    return false
  }
  await rename(successor, file)
  return (await textIn(file)) === text
}
