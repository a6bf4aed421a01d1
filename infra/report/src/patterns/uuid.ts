const dash = 45

const digits = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value += 1) digits[value.toString(16).charCodeAt(0)] = value

/**
 * Reads a UUID in lower case as four words, lowest first. False where there is none, and for the
 * nil UUID, which stands for an absent one.
 */
export function readUuid(bytes: Uint8Array, at: number, words: Uint32Array, to: number): boolean {
  const hasDashes =
    bytes[at + 8] === dash &&
    bytes[at + 13] === dash &&
    bytes[at + 18] === dash &&
    bytes[at + 23] === dash
  if (!hasDashes) return false
  const a = hex(bytes, at)
  const b = hex(bytes, at + 4)
  const c = hex(bytes, at + 9)
  const d = hex(bytes, at + 14)
  const e = hex(bytes, at + 19)
  const f = hex(bytes, at + 24)
  const g = hex(bytes, at + 28)
  const h = hex(bytes, at + 32)
  if ((a | b | c | d | e | f | g | h) <= 0) return false
  words[to + 3] = (a << 16) | b
  words[to + 2] = (c << 16) | d
  words[to + 1] = (e << 16) | f
  words[to] = (g << 16) | h
  return true
}

/** Four digits; negative where one of them is no digit. */
function hex(bytes: Uint8Array, at: number): number {
  return (
    ((digits[bytes[at] as number] as number) << 12) |
    ((digits[bytes[at + 1] as number] as number) << 8) |
    ((digits[bytes[at + 2] as number] as number) << 4) |
    (digits[bytes[at + 3] as number] as number)
  )
}
