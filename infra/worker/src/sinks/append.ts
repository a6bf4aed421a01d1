import { open, stat, statfs, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

import type { Trouble } from 'runmat-telemetry-common/sink'

const spareBytes = 1024 * 1024
const longestLine = 64 * 1024

/** Appends whole lines to a file, each of which would survive a crash once its promise settles. */
export interface Appender {
  /** Rejects if nothing was appended. */
  readonly append: (lines: readonly string[]) => Promise<void>
  readonly probe: () => Promise<Trouble | undefined>
  readonly close: () => Promise<void>
}

/** What to do with half a line that a crash left at the end, of an event that was never confirmed. */
export type TornLine = 'keep' | 'cut'

/**
 * One batch is one write and one fsync. A write that fails halfway is rolled back, so a line is there
 * once or not at all. If the file is moved away or deleted, a new one begins.
 */
export async function openAppender(
  file: string,
  torn: TornLine,
  isOurs: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<Appender> {
  let handle = await openAtEnd(file, torn)
  /** The file's size before a failed write that couldn't be rolled back. */
  let good: number | undefined
  /** Where our last line ended. */
  let ours: number | undefined

  const current = async (): Promise<FileHandle> => {
    const [here, there] = await Promise.all([handle.stat(), stat(file).catch(() => undefined)])
    if (there?.ino !== here.ino || there.dev !== here.dev) {
      const fresh = await openAtEnd(file, torn)
      const old = handle
      handle = fresh
      good = undefined
      await close(old)
    }
    // Nothing may follow half a line.
    if (good !== undefined) await handle.truncate(good)
    good = undefined
    return handle
  }

  return {
    append: async (lines) => {
      const end = await current()
      const { size } = await end.stat()
      const isTorn = size !== ours && !(await endsWithLine(end, size))
      const text = `${isTorn ? '\n' : ''}${lines.join('\n')}\n`
      try {
        await end.appendFile(text)
        await end.datasync()
        ours = size + Buffer.byteLength(text)
      } catch (error) {
        // While we were frozen, another process may have taken the file and stored events in it.
        if (await isOurs()) {
          await end.truncate(size).catch(() => {
            good = size
          })
        }
        throw error
      }
    },
    probe: async () => {
      try {
        await (await current()).datasync()
        return await roomAt(file)
      } catch (error) {
        return troubleOf(error)
      }
    },
    close: () => close(handle),
  }
}

/** What was appended is on the disk already, so an error means nothing any more. */
async function close(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => undefined)
}

/**
 * Appends whole lines to a file to which other processes append, too. Nothing is rolled back or cut off
 * here: half a line that somebody left is ended first.
 */
export async function appendShared(file: string, lines: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const isTorn = !(await endsWithLine(handle, size))
    await handle.appendFile(`${isTorn ? '\n' : ''}${lines}`)
    await handle.datasync()
    if (size === 0) await syncFolder(path.dirname(file))
  } finally {
    await handle.close()
  }
}

export async function roomAt(place: string): Promise<Trouble | undefined> {
  const { bavail, bsize } = await statfs(place)
  return bavail * bsize < spareBytes ? { cause: 'file: the disk is full' } : undefined
}

export function troubleOf(error: unknown): Trouble {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  return { cause: `file: ${causes.get(code) ?? code}` }
}

const causes: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk is full'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOENT', 'the folder is gone'],
])

async function openAtEnd(file: string, torn: TornLine): Promise<FileHandle> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    if (size === 0) await syncFolder(path.dirname(file))
    else if (torn === 'cut') await cutTornLine(handle, size)
    else if (!(await endsWithLine(handle, size))) await handle.appendFile('\n')
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function endsWithLine(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer.toString() === '\n'
}

async function cutTornLine(handle: FileHandle, size: number): Promise<void> {
  const block = Buffer.alloc(64 * 1024)
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - block.length)
    const { bytesRead } = await handle.read(block, 0, end - start, start)
    const last = block.subarray(0, bytesRead).lastIndexOf(10)
    end = last === -1 ? start : start + last + 1
    if (last === -1 && start > 0) continue
    if (end === size) break
    // Somebody who rewrites a file may leave out its last line end.
    if (await isWhole(handle, end, size)) await handle.appendFile('\n')
    else await handle.truncate(end)
    break
  }
  // Lines of a batch that was written and not confirmed count as stored from now on.
  await handle.datasync()
}

/** Whether what stands there is a JSON object, and not half of one. */
async function isWhole(handle: FileHandle, from: number, to: number): Promise<boolean> {
  if (to - from > longestLine) return false
  const { buffer } = await handle.read(Buffer.alloc(to - from), 0, to - from, from)
  try {
    return typeof JSON.parse(buffer.toString()) === 'object'
  } catch {
    return false
  }
}

/** A new file survives a crash only once its folder is synced too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
