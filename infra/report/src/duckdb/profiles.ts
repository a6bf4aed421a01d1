import { flags, texts } from '../facts/columns.ts'
import type { Profile } from '../facts/facts.ts'
import { isSame } from '../facts/same.ts'

const columns = [...texts, ...flags]

export const profileColumns = [
  'profile INTEGER',
  ...texts.map((name) => `${name} VARCHAR`),
  ...flags.map((name) => `${name} TINYINT`),
].join(', ')

/** Few compared with the events: so many hold nearly all of a day, and bound the memory. */
const buckets = 8192
const most = 4

interface Numbered {
  readonly number: number
  readonly profile: Profile
}

/** Numbers the profiles, so that a row carries one number instead of twenty columns. */
export class Profiles {
  #next = 0
  #buckets: (Numbered[] | undefined)[] = Array.from({ length: buckets }, () => undefined)
  #fresh: (readonly [number, Profile])[] = []

  numberOf(profile: Profile): number {
    const place = hashOf(profile) & (buckets - 1)
    const bucket = (this.#buckets[place] ??= [])
    for (const known of bucket) if (isSame(known.profile, profile)) return known.number
    const number = this.#next
    this.#next += 1
    // Forgetting one only makes it stand twice in the table, under two numbers.
    if (bucket.length >= most) bucket.shift()
    bucket.push({ number, profile })
    this.#fresh.push([number, profile])
    return number
  }

  /** Those that the table does not have yet. */
  takeFresh(): readonly (readonly [number, Profile])[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  get fresh(): number {
    return this.#fresh.length
  }
}

/** Of what differs often; all of them together tell an event's profile from nearly every other. */
function hashOf(p: Profile): number {
  let hash =
    p.failed |
    (p.jit_enabled << 1) |
    (p.jit_used << 2) |
    (p.accelerate_enabled << 3) |
    (p.gpu_used << 4) |
    (p.kind.length << 5) |
    (p.step.length << 10)
  hash = mixed(hash, p.platform)
  hash = mixed(hash, p.release)
  hash = mixed(hash, p.run_kind)
  hash = mixed(hash, p.backend)
  hash = mixed(hash, p.code)
  hash = mixed(hash, p.counts)
  return hash ^ (hash >>> 15)
}

function mixed(before: number, text: string): number {
  const { length } = text
  let hash = Math.imul(before, 31) + length
  for (let at = Math.max(0, length - 4); at < length; at += 1) {
    hash = Math.imul(hash, 31) + text.charCodeAt(at)
  }
  return hash
}

export function valuesOf(number: number, profile: Profile): (string | number)[] {
  return [number, ...columns.map((name) => profile[name])]
}
