import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'

/** Stands in the metadata of a file in place of its checksum, and counts as this in the checksum. */
export const unsealed = '0'.repeat(64)
const mark = '"seal":"'
const chunkSize = 1 << 20
/** Parquet ends with its footer, the footer's length in four bytes, and `PAR1`. */
const tail = 8

/** Writes its checksum into a file that says `"seal":"000…"` in its footer. */
export function seal(file: string): void {
  withFile(file, 'r+', (handle) => {
    const place = placeIn(handle)
    if (place === undefined) throw new Error(`There is no place for a seal in ${file}.`)
    writeSync(handle, checksumOf(handle, place), place, 'latin1')
  })
}

/** No: something of it changed since. Undefined: it never had a seal. */
export function isWhole(file: string): boolean | undefined {
  return withFile(file, 'r', (handle) => {
    const place = placeIn(handle)
    return place === undefined ? undefined : textAt(handle, place) === checksumOf(handle, place)
  })
}

function withFile<Value>(file: string, flags: string, use: (handle: number) => Value): Value {
  const handle = openSync(file, flags)
  try {
    return use(handle)
  } finally {
    closeSync(handle)
  }
}

function placeIn(handle: number): number | undefined {
  const { size } = fstatSync(handle)
  if (size < tail) return undefined
  const length = bytesAt(handle, size - tail, 4).readUInt32LE()
  const start = size - tail - length
  if (start < 0) return undefined
  const found = bytesAt(handle, start, length).indexOf(mark)
  return found === -1 ? undefined : start + found + mark.length
}

function textAt(handle: number, place: number): string {
  return bytesAt(handle, place, unsealed.length).toString('latin1')
}

function bytesAt(handle: number, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  readSync(handle, bytes, 0, length, start)
  return bytes
}

function checksumOf(handle: number, place: number): string {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(chunkSize)
  const addUntil = (from: number, to: number) => {
    for (let at = from; at < to;) {
      const count = readSync(handle, buffer, 0, Math.min(chunkSize, to - at), at)
      if (count === 0) return
      hash.update(buffer.subarray(0, count))
      at += count
    }
  }
  addUntil(0, place)
  hash.update(unsealed)
  addUntil(place + unsealed.length, Infinity)
  return hash.digest('hex')
}
