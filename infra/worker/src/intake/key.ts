import { timingSafeEqual } from 'node:crypto'

/** The state of a sender's key. `open`: the operator requires none. */
export type Standing = 'right' | 'wrong' | 'none' | 'open'

export type KeyCheck = (given: string | undefined) => Standing

/**
 * Takes the same time for every key that is short enough, however much of it matches. `used` hears the
 * position of the key, from 0.
 */
export function keyCheck(
  keys: readonly string[],
  used: (position: number) => void = () => undefined,
): KeyCheck {
  if (keys.length === 0) return () => 'open'
  const longest = Math.max(...keys.map((key) => key.length))
  const empty = () => Buffer.alloc(2 + longest)
  const known = keys.map((key) => padded(key, empty()))
  const scratch = empty()
  return (given) => {
    if (given === undefined || given === '') return 'none'
    if (given.length > longest) return 'wrong'
    padded(given, scratch.fill(0))
    let found = -1
    for (const [position, key] of known.entries()) {
      if (timingSafeEqual(key, scratch)) found = position
    }
    if (found === -1) return 'wrong'
    used(found)
    return 'right'
  }
}

/** The length comes first, so that no key matches the beginning of another. */
function padded(key: string, into: Buffer): Buffer {
  into.writeUInt16BE(key.length)
  into.write(key, 2, 'latin1')
  return into
}
