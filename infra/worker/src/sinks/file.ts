import { mkdir, open, stat, statfs, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

import type { Event } from '../event.ts'
import { rememberedIn } from './remembered.ts'
import { allOf, type Sink, type Trouble } from './sink.ts'

const spareBytes = 1024 * 1024

/**
 * NDJSON, one line an event, the contract's bytes. One batch is one write and one fsync; a write
 * that fails halfway is taken back, so that an event is there once or not at all. The file may be
 * moved away under us (logrotate): then a new one begins.
 */
export async function openFile(name: string): Promise<Sink> {
  const file = path.resolve(name)
  await mkdir(path.dirname(file), { recursive: true })
  const remembered = await rememberedIn(file)
  let handle = await openAtEnd(file)

  const current = async (): Promise<FileHandle> => {
    const [here, there] = await Promise.all([handle.stat(), stat(file).catch(() => undefined)])
    if (there?.ino === here.ino && there.dev === here.dev) return handle
    const fresh = await openAtEnd(file)
    await handle.close()
    handle = fresh
    return handle
  }

  return {
    name: 'file',
    inFlight: 1,
    store: async (events) => {
      // An event that was stored, and of which the answer was lost on its way, comes again.
      const fresh = [...new Map(events.map((event) => [event.uuid, event])).values()].filter(
        ({ uuid }) => !remembered.has(uuid),
      )
      try {
        if (fresh.length > 0) await append(await current(), fresh)
      } catch (error) {
        return allOf(events, 'later', troubleOf(error))
      }
      for (const { uuid } of fresh) remembered.add(uuid)
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

async function append(handle: FileHandle, events: readonly Event[]): Promise<void> {
  const bytes = Buffer.from(`${events.map((event) => event.bytes).join('\n')}\n`)
  const { size } = await handle.stat()
  try {
    await handle.appendFile(bytes)
    await handle.datasync()
  } catch (error) {
    await handle.truncate(size).catch(() => undefined)
    throw error
  }
}

async function openAtEnd(file: string): Promise<FileHandle> {
  const handle = await open(file, 'a+', 0o600)
  const { size } = await handle.stat()
  if (size > 0) {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    // A crash may have left half a line behind, of an event that nobody was promised.
    if (buffer.toString() !== '\n') await handle.appendFile('\n')
  } else {
    await syncFolder(path.dirname(file))
  }
  return handle
}

/** The name of a new file is there for good only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

function troubleOf(error: unknown): Trouble {
  const { code = 'unknown' } = error as NodeJS.ErrnoException
  return { cause: `file: ${code}` }
}
