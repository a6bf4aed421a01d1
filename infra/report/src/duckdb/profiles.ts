import { flags, texts } from '../facts/columns.ts'
import type { Profile } from '../facts/facts.ts'

const columns = [...texts, ...flags]

export const profileColumns = [
  'profile INTEGER',
  ...texts.map((name) => `${name} VARCHAR`),
  ...flags.map((name) => `${name} TINYINT`),
].join(', ')

/** Few compared with the events: 16,384 hold nearly all of a day, and bound the memory. */
const most = 16_384

/** Numbers the profiles, so that a row carries one number instead of twenty columns. */
export class Profiles {
  #next = 0
  #numbers = new Map<string, number>()
  #fresh: (readonly [number, Profile])[] = []

  numberOf(profile: Profile): number {
    const key = keyOf(profile)
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    // Beginning again only makes a profile stand twice in the table, under two numbers.
    if (this.#numbers.size >= most) this.#numbers = new Map()
    const number = this.#next
    this.#next += 1
    this.#numbers.set(key, number)
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

function keyOf(p: Profile): string {
  const bits =
    p.failed |
    (p.jit_enabled << 1) |
    (p.jit_used << 2) |
    (p.accelerate_enabled << 3) |
    (p.gpu_used << 4)
  let key = String(bits)
  // With its length before it, no text can pass for two.
  for (const name of texts) key += `|${p[name].length}:${p[name]}`
  return key
}

export function valuesOf(number: number, profile: Profile): (string | number)[] {
  return [number, ...columns.map((name) => profile[name])]
}
