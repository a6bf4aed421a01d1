import { mkdir, open, stat, statfs, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

import type { Event } from 'runmat-telemetry-common/events/event'
import { allOf, type Sink, type Trouble } from 'runmat-telemetry-common/sink'

const spareBytes = 1024 * 1024

/**
 * NDJSON: each line holds one event as the contract serialises it. One batch is one write and one
 * fsync. A write that fails halfway is rolled back, so an event is there once or not at all. If
 * logrotate moves the file away, a new one begins.
 */
export async function openFile(name: string): Promise<Sink> {
  const file = path.resolve(name)
  await mkdir(path.dirname(file), { recursive: true })
  let handle = await openAtEnd(file)
  /** The file's size before a failed write that couldn't be rolled back. */
  let good: number | undefined

  const current = async (): Promise<FileHandle> => {
    const [here, there] = await Promise.all([handle.stat(), stat(file).catch(() => undefined)])
    if (there?.ino !== here.ino || there.dev !== here.dev) {
      const fresh = await openAtEnd(file)
      await handle.close()
      handle = fresh
      good = undefined
    }
    // Nothing may follow half a line.
    if (good !== undefined) await handle.truncate(good)
    good = undefined
    return handle
  }

  const append = async (events: readonly Event[]): Promise<void> => {
    const end = await current()
    const { size } = await end.stat()
    try {
      await end.appendFile(`${events.map(({ bytes }) => bytes).join('\n')}\n`)
      await end.datasync()
    } catch (error) {
      await end.truncate(size).catch(() => {
        good = size
      })
      throw error
    }
  }

  return {
    name: 'file',
    inFlight: 1,
    store: async (events) => {
      try {
        await append(events)
      } catch (error) {
        return allOf(events, 'later', troubleOf(error))
      }
      return allOf(events, 'stored')
    },
    probe: async () => {
      try {
        await (await current()).datasync()
        const { bavail, bsize } = await statfs(file)
        return bavail * bsize < spareBytes ? { cause: 'file: the disk is full' } : undefined
      } catch (error) {
        return troubleOf(error)
      }
    },
    close: () => handle.close(),
  }
}

async function openAtEnd(file: string): Promise<FileHandle> {
  const handle = await open(file, 'a+', 0o600)
  const { size } = await handle.stat()
  if (size > 0) {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    // A crash may have left half a line, of an event that was never confirmed.
    if (buffer.toString() !== '\n') await handle.appendFile('\n')
  } else {
    await syncFolder(path.dirname(file))
  }
  return handle
}

/** A new file survives a crash only once its folder is synced too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

function troubleOf(error: unknown): Trouble {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  return { cause: `file: ${code}` }
}
