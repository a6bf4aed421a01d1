import { isAscii } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

const newline = 10
const chunkSize = 1 << 18
const longestLine = 4 * 1024 * 1024

/** Bytes of whole lines, each with a line break at its end. They last until the next block is asked for. */
export type Blocks = AsyncIterable<Buffer>

type Told = (bytes: number) => void

/** Tells how many bytes of the file were read so far. */
export function blocksOfFile(file: string, told?: Told): Blocks {
  return wholeLines(
    file.endsWith('.gz') ? unzipped(file, told) : tellingBytes(chunksOf(file), told),
  )
}

/** Tells how many bytes came so far. */
export async function* tellingBytes(
  stream: AsyncIterable<Buffer>,
  told?: Told,
): AsyncIterable<Buffer> {
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    told?.(bytes)
    yield chunk
  }
}

async function* unzipped(file: string, told?: Told): AsyncIterable<Buffer> {
  const packed = createReadStream(file)
  // An error of either stream reaches the reader.
  for await (const chunk of pipeline(packed, createGunzip({ chunkSize }), () => undefined)) {
    told?.(packed.bytesRead)
    yield chunk as Buffer
  }
}

/** A stream allocates a buffer for every chunk; two that take turns are enough here. */
async function* chunksOf(file: string): AsyncIterable<Buffer> {
  const handle = await open(file)
  try {
    let next = chunkOf(handle, Buffer.allocUnsafe(chunkSize))
    let spare: Buffer = Buffer.allocUnsafe(chunkSize)
    for (;;) {
      const { buffer, bytesRead } = await next
      if (bytesRead === 0) return
      next = chunkOf(handle, spare)
      // Where the reader stops in between, nobody else is there to hear of an error.
      next.catch(() => undefined)
      yield buffer.subarray(0, bytesRead)
      spare = buffer
    }
  } finally {
    await handle.close()
  }
}

function chunkOf(handle: FileHandle, buffer: Buffer) {
  return handle.read(buffer, 0, chunkSize, null)
}

/** A line that is longer than any event is given in part: it can't be read, but memory has an end. */
export async function* wholeLines(stream: AsyncIterable<Buffer>): Blocks {
  let rest: Buffer[] = []
  let held = 0
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(newline) + 1
    if (end === 0) {
      if (held <= longestLine) rest.push(Buffer.from(chunk))
      held += chunk.length
      continue
    }
    let start = 0
    if (held > 0) {
      start = chunk.indexOf(newline) + 1
      yield Buffer.concat([...rest, chunk.subarray(0, start)])
    }
    if (end > start) yield chunk.subarray(start, end)
    rest = end < chunk.length ? [Buffer.from(chunk.subarray(end))] : []
    held = rest[0]?.length ?? 0
  }
  if (held > 0) yield Buffer.concat([...rest, Buffer.of(newline)])
}

export function* linesIn(block: Buffer): Iterable<string> {
  let start = 0
  while (start < block.length) {
    const end = block.indexOf(newline, start)
    yield lineAt(block, start, end)
    start = end + 1
  }
}

/** Events are ASCII nearly always, and that decodes several times faster. */
export function lineAt(block: Buffer, start: number, end: number): string {
  const bytes = block.subarray(start, end)
  return isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8')
}
