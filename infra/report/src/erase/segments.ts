import { createWriteStream } from 'node:fs'
import { open, rename, utimes, stat } from 'node:fs/promises'
import { once } from 'node:events'
import path from 'node:path'
import { createGzip } from 'node:zlib'

import { blocksOf } from '../duckdb/convert.ts'
import { ReportError, reasonOf } from '../error.ts'
import { factsOf } from '../facts/facts.ts'
import { linesIn } from '../read/lines.ts'
import { untilEnd } from '../temporary.ts'
import type { Tombstones } from './tombstones.ts'

/** Does this line belong to what is to be erased? What can't be read is searched as text. */
export function isErased(line: string, { clients, events }: Tombstones): boolean {
  try {
    const facts = factsOf(JSON.parse(line), line)
    if (facts !== undefined) return clients.has(facts.client) || events.has(facts.id)
  } catch {
    // Half an event may still hold the id.
  }
  const lower = line.toLowerCase()
  return [...clients, ...events].some((id) => lower.includes(id))
}

/** Lines of a segment that are to be erased. */
export async function countIn(file: string, stones: Tombstones): Promise<number> {
  let found = 0
  for await (const block of blocksOf(file)) {
    for (const line of linesIn(block)) if (isErased(line, stones)) found += 1
  }
  return found
}

/** Writes the segment again without them, and puts it in the place of the old one. */
export async function rewrite(file: string, stones: Tombstones): Promise<number> {
  const found = await countIn(file, stones)
  if (found === 0) return 0
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`)
  const removeTemporary = untilEnd(temporary)
  try {
    await copyWithout(file, temporary, stones)
    const { atime, mtime } = await stat(file)
    await utimes(temporary, atime, mtime)
    await rename(temporary, file)
    return found
  } catch (error) {
    throw error instanceof ReportError
      ? error
      : new ReportError(`Can't rewrite ${file}: ${reasonOf(error)}.`)
  } finally {
    removeTemporary()
  }
}

async function copyWithout(file: string, to: string, stones: Tombstones): Promise<void> {
  const out = createWriteStream(to, { flush: true })
  const failed = once(out, 'error').then(([error]) => {
    throw error
  })
  failed.catch(() => undefined)
  const sink = file.endsWith('.gz') ? createGzip() : undefined
  sink?.pipe(out)
  const target = sink ?? out
  for await (const block of blocksOf(file)) {
    const kept = [...linesIn(block)].filter((line) => line !== '' && !isErased(line, stones))
    if (kept.length > 0 && !target.write(`${kept.join('\n')}\n`)) {
      await Promise.race([once(target, 'drain'), failed])
    }
  }
  target.end()
  await Promise.race([once(out, 'close'), failed])
  // Erased is what a power cut does not bring back.
  const handle = await open(to, 'r+')
  await handle.sync()
  await handle.close()
}
