import { timingSafeEqual } from 'node:crypto'

/** How a sender's key stands; `open` where the operator asked for no keys at all. */
export type Standing = 'right' | 'wrong' | 'none' | 'open'

export type KeyCheck = (given: string | undefined) => Standing

/** Takes the same time for every key that could be one, however much of it is right. */
export function keyCheck(keys: readonly string[]): KeyCheck {
  if (keys.length === 0) return () => 'open'
  const longest = Math.max(...keys.map((key) => key.length))
  const empty = () => Buffer.alloc(2 + longest)
  const known = keys.map((key) => padded(key, empty()))
  const scratch = empty()
  return (given) => {
    if (given === undefined || given === '') return 'none'
    if (given.length > longest) return 'wrong'
    padded(given, scratch.fill(0))
    let right = false
    for (const key of known) right = timingSafeEqual(key, scratch) || right
    return right ? 'right' : 'wrong'
  }
}

/** The length stands in front, so that a key is never its own beginning. */
function padded(key: string, into: Buffer): Buffer {
  into.writeUInt16BE(key.length)
  into.write(key, 2, 'latin1')
  return into
}
