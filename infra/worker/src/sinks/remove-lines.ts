import { open, rename, rm } from 'node:fs/promises'
import path from 'node:path'

import { syncFolder } from './append.ts'

/** Bytes stay as they are: each one is a character of this encoding. */
const encoding = 'latin1'
const blockBytes = 64 * 1024

/**
 * Writes a file again without the events of these ids, and puts it in the place of the old one. Nobody
 * may append to it meanwhile.
 */
export async function removeLines(file: string, ids: readonly string[]): Promise<void> {
  const wanted = new Set(ids)
  const temporary = `${file}.erasing`
  // Of a process that was killed. It may hold what is to be erased by now.
  await rm(temporary, { force: true })
  if (!(await holdsAny(file, wanted))) return
  try {
    await copyWithout(file, temporary, wanted)
    await rename(temporary, file)
  } catch (error) {
    // Half a copy would take the room that a full disk lacks.
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(path.dirname(file))
}

async function copyWithout(file: string, to: string, wanted: ReadonlySet<string>): Promise<void> {
  const handle = await open(to, 'wx', 0o600)
  try {
    let kept: string[] = []
    const flush = async (): Promise<void> => {
      await handle.appendFile(kept.map((line) => `${line}\n`).join(''), encoding)
      kept = []
    }
    for await (const line of linesOf(file)) {
      if (!isOf(line, wanted)) kept.push(line)
      if (kept.length === 1000) await flush()
    }
    await flush()
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function holdsAny(file: string, wanted: ReadonlySet<string>): Promise<boolean> {
  for await (const line of linesOf(file)) if (isOf(line, wanted)) return true
  return false
}

/** By hand, because a stream that fails once nobody reads it any more ends the process. */
async function* linesOf(file: string): AsyncIterable<string> {
  const handle = await open(file, 'r')
  try {
    const block = Buffer.alloc(blockBytes)
    let rest = ''
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, blockBytes, null)
      if (bytesRead === 0) break
      const lines = (rest + block.toString(encoding, 0, bytesRead)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
    if (rest !== '') yield rest
  } finally {
    await handle.close()
  }
}

/** What can't be read is searched as text: half an event may still hold the id. */
function isOf(line: string, wanted: ReadonlySet<string>): boolean {
  try {
    const { uuid, event_id: event, cid, install_id: install } = JSON.parse(line) as Ids
    return [uuid, event, cid, install].some((id) => wanted.has(id?.toLowerCase() ?? ''))
  } catch {
    const text = line.toLowerCase()
    return [...wanted].some((id) => text.includes(id))
  }
}

type Ids = Readonly<Partial<Record<'uuid' | 'event_id' | 'cid' | 'install_id', string>>>
