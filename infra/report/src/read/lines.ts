import { isAscii } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

const newline = 10
const chunkSize = 1 << 18
const longestLine = 4 * 1024 * 1024

/** Whole lines of one chunk each time, so that decoding happens by the chunk and not by the line. */
export type Chunks = AsyncIterable<readonly string[]>

export function chunksOfFile(file: string): Chunks {
  if (!file.endsWith('.gz')) return linesOf(blocksOf(file))
  // An error of either stream reaches the reader.
  const unzip = createGunzip({ chunkSize: 1 << 18 })
  return linesOf(pipeline(createReadStream(file), unzip, () => undefined))
}

/** A stream allocates a buffer for every chunk; two that take turns are enough here. */
async function* blocksOf(file: string): AsyncIterable<Buffer> {
  const handle = await open(file)
  try {
    let next = blockOf(handle, Buffer.allocUnsafe(chunkSize))
    let spare: Buffer = Buffer.allocUnsafe(chunkSize)
    for (;;) {
      const { buffer, bytesRead } = await next
      if (bytesRead === 0) return
      next = blockOf(handle, spare)
      // Where the reader stops in between, nobody else is there to hear of an error.
      next.catch(() => undefined)
      yield buffer.subarray(0, bytesRead)
      spare = buffer
    }
  } finally {
    await handle.close()
  }
}

function blockOf(handle: FileHandle, buffer: Buffer) {
  return handle.read(buffer, 0, chunkSize, null)
}

/** A line that is longer than any event is given in part: it can't be read, but memory has an end. */
export async function* linesOf(stream: AsyncIterable<Buffer>): Chunks {
  let rest: Buffer[] = []
  let held = 0
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(newline)
    if (end === -1) {
      if (held <= longestLine) rest.push(Buffer.from(chunk))
      held += chunk.length
      continue
    }
    let start = 0
    if (held > 0) {
      start = chunk.indexOf(newline)
      yield [textOf(Buffer.concat([...rest, chunk.subarray(0, start)]))]
      start += 1
    }
    if (end >= start) yield textOf(chunk.subarray(start, end)).split('\n')
    rest = end + 1 < chunk.length ? [Buffer.from(chunk.subarray(end + 1))] : []
    held = rest[0]?.length ?? 0
  }
  if (held > 0) yield textOf(Buffer.concat(rest)).split('\n')
}

/** Events are ASCII nearly always, and that decodes several times faster. */
function textOf(bytes: Buffer): string {
  return isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8')
}
