// Programs for macOS contain hashes of their own pages. Bun renews them for Apple's processors, but for
// Intel it leaves those from before our program was added. macOS may refuse to start that.
import { createHash } from 'node:crypto'

const segment = 0x19
const codeSignature = 0x1d
const pageBits = 12
const page = 1 << pageBits
const headLength = 88
const indexLength = 20

/** An ad hoc signature, as linkers make: only the hashes of the program, without an identity. */
export function signed(program, identifier) {
  if (isSigned(program)) return program
  const { signature, linkedit, text } = layoutOf(program)
  const limit = program.readUInt32LE(signature + 8)
  const name = Buffer.from(`${identifier}\0`)
  const pages = Math.ceil(limit / page)
  const length = headLength + name.length + 32 * pages
  const size = (indexLength + length + 15) & ~15
  const result = Buffer.alloc(limit + size)
  program.copy(result, 0, 0, limit)

  // The position of the signature is signed as well.
  const within = BigInt(limit + size) - result.readBigUInt64LE(linkedit + 40)
  result.writeUInt32LE(size, signature + 12)
  result.writeBigUInt64LE((within + 0x3fffn) & ~0x3fffn, linkedit + 32)
  result.writeBigUInt64LE(within, linkedit + 48)

  const words = [0xfade0cc0, indexLength + length, 1, 0, indexLength]
  words.push(
    0xfade0c02,
    length,
    0x20400,
    0x20002,
    headLength + name.length,
    headLength,
    0,
    pages,
    limit,
  )
  words.forEach((word, index) => result.writeUInt32BE(word, limit + 4 * index))
  const head = limit + indexLength
  result.set([32, 2, 0, pageBits], head + 36) // SHA-256, over pages of this size
  result.writeBigUInt64BE(program.readBigUInt64LE(text + 40), head + 64)
  result.writeBigUInt64BE(program.readBigUInt64LE(text + 48), head + 72)
  result.writeBigUInt64BE(1n, head + 80) // a main program, no library
  name.copy(result, head + headLength)
  for (let index = 0; index < pages; index += 1) {
    hashOf(result, index, limit).copy(result, head + headLength + name.length + 32 * index)
  }
  if (!isSigned(result)) throw new Error('what was signed just now does not verify')
  return result
}

/** Do all pages before the signature match it? */
function isSigned(program) {
  const { signature } = layoutOf(program)
  const limit = program.readUInt32LE(signature + 8)
  if (limit + program.readUInt32LE(signature + 12) !== program.length) return false
  const head = limit + program.readUInt32BE(limit + 16)
  if (program.readUInt32BE(head) !== 0xfade0c02) return false
  if (program.readUInt32BE(head + 32) !== limit) return false
  const hashes = head + program.readUInt32BE(head + 16)
  return Array.from({ length: program.readUInt32BE(head + 28) }).every((_, index) => {
    const at = hashes + 32 * index
    return hashOf(program, index, limit).equals(program.subarray(at, at + 32))
  })
}

function hashOf(program, index, limit) {
  const bytes = program.subarray(index * page, Math.min((index + 1) * page, limit))
  return createHash('sha256').update(bytes).digest()
}

/** The offsets of the load commands that locate everything. */
function layoutOf(program) {
  if (program.readUInt32LE(0) !== 0xfeedfacf) throw new Error('this is no program for macOS')
  const found = {}
  for (let left = program.readUInt32LE(16), at = 32; left > 0; left -= 1) {
    const command = program.readUInt32LE(at)
    const name = program.toString('latin1', at + 8, at + 24).replace(/\0.*/s, '')
    if (command === codeSignature) found.signature = at
    if (command === segment && name === '__LINKEDIT') found.linkedit = at
    if (command === segment && name === '__TEXT') found.text = at
    at += program.readUInt32LE(at + 4)
  }
  const { signature, linkedit, text } = found
  if (!signature || !linkedit || !text) throw new Error('there is no room for a signature')
  return { signature, linkedit, text }
}
