/**
 * Is this one JSON object, by RFC 8259? It reads bytes and makes nothing of them: a flood of
 * datagrams leaves no strings, objects or property names behind for the garbage collector. It takes
 * for granted that the bytes are UTF-8, and judges no more than form: what the object says is the
 * worker's to judge.
 */
export function checkObject(bytes: Uint8Array, deepest: number): 'object' | 'nested' | 'not json' {
  const start = skip(bytes, 0)
  if (bytes[start] !== brace) return 'not json'
  const end = value(bytes, start, deepest)
  if (end === tooDeep) return 'nested'
  return end !== wrong && skip(bytes, end) === bytes.length ? 'object' : 'not json'
}

/** Every rule gives the place behind what it read, or one of these. */
const wrong = -1
const tooDeep = -2

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const brace = 0x7b
const bracket = 0x5b
const minus = 0x2d
const point = 0x2e
const zero = 0x30

const words = ['true', 'false', 'null'].map((word) => Buffer.from(word))
const escapes = new Set(Buffer.from('"\\/bfnrtu'))

function value(bytes: Uint8Array, at: number, depth: number): number {
  const first = bytes[at]
  if (first === quote) return string(bytes, at + 1)
  if (first === brace || first === bracket) return depth === 0 ? tooDeep : list(bytes, at, depth)
  for (const word of words) if (first === word[0]) return literal(bytes, at, word)
  return number(bytes, at)
}

/** An object or an array: they differ in their brackets, and in that an object names its values. */
function list(bytes: Uint8Array, start: number, depth: number): number {
  const opening = bytes[start] ?? 0
  const closing = opening + 2
  let at = skip(bytes, start + 1)
  if (bytes[at] === closing) return at + 1
  for (;;) {
    if (opening === brace) {
      if (bytes[at] !== quote) return wrong
      at = string(bytes, at + 1)
      if (at < 0) return at
      at = skip(bytes, at)
      if (bytes[at] !== colon) return wrong
      at = skip(bytes, at + 1)
    }
    at = value(bytes, at, depth - 1)
    if (at < 0) return at
    at = skip(bytes, at)
    if (bytes[at] === closing) return at + 1
    if (bytes[at] !== comma) return wrong
    at = skip(bytes, at + 1)
  }
}

function string(bytes: Uint8Array, start: number): number {
  const { length } = bytes
  let at = start
  while (at < length) {
    const byte = bytes[at] as number
    if (byte === quote) return at + 1
    if (byte < 0x20) return wrong
    if (byte === backslash) {
      const escape = at + 1 < length ? (bytes[at + 1] as number) : 0
      if (!escapes.has(escape)) return wrong
      at += 2
      if (escape === 0x75) {
        for (const end = at + 4; at < end; at += 1) if (!isHex(bytes[at])) return wrong
      }
    } else {
      at += 1
    }
  }
  return wrong
}

function literal(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[at + index] !== word[index]) return wrong
  }
  return at + word.length
}

function number(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === minus ? start + 1 : start
  at = bytes[at] === zero ? at + 1 : digits(bytes, at)
  if (at !== wrong && bytes[at] === point) at = digits(bytes, at + 1)
  if (at === wrong || ((bytes[at] ?? 0) | 0x20) !== 0x65) return at
  const sign = bytes[at + 1]
  return digits(bytes, sign === minus || sign === 0x2b ? at + 2 : at + 1)
}

function digits(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at])) at += 1
  return at === start ? wrong : at
}

function skip(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
    at += 1
  }
  return at
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39
}

function isHex(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
}
