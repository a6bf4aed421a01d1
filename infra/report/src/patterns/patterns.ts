import { type Facts, lastMoment } from '../facts/facts.ts'
import { type Pattern, patternOf } from './pattern.ts'
import { PatternTree } from './tree.ts'

const largest = 16 * 1024 * 1024

/** Where a line's ids and its moment are, and its profile. */
export type Known = Omit<Pattern, 'parts' | 'profile'> & { readonly profile: number }

/**
 * Lines as clients have sent them before. Of such a line only the ids and the moment are read,
 * which takes a tenth of reading its JSON and mapping it.
 */
export class Patterns {
  #tree = new PatternTree<Known>()
  #found = 0
  #tried = 0

  get uuids(): Uint32Array {
    return this.#tree.uuids
  }

  get numbers(): Float64Array {
    return this.#tree.numbers
  }

  get end(): number {
    return this.#tree.end
  }

  find(block: Uint8Array, view: DataView, start: number): Known | undefined {
    const known = this.#tree.find(block, view, start)
    if (known === undefined) return undefined
    // NaN is not below it.
    const hasMoment = known.at === -1 || (this.numbers[known.at] as number) <= lastMoment
    if (!hasMoment) return undefined
    this.#found += 1
    return known
  }

  /** Where lines have nothing in common, it stops trying. */
  learn(line: string, facts: Facts, profile: number): void {
    if (this.#tried > 1000 + this.#found / 8) return
    this.#tried += 1
    const pattern = patternOf(line, facts)
    if (pattern === undefined) return
    if (this.#tree.size > largest) this.#tree = new PatternTree()
    const { parts, id, client, session, at } = pattern
    this.#tree.add(parts, { id, client, session, at, profile })
  }
}
