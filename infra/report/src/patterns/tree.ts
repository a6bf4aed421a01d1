import { readUuid } from './uuid.ts'

/** What stays between two holes of a line, as bytes; or a hole. */
export type Part = Uint8Array | 'uuid' | 'number'

/** More holes than any event has. */
export const mostHoles = 512

/**
 * Bytes that follow one another in at least one line, and what may come after them. A class, so that
 * all of them have one shape: most of the time goes into reading them.
 */
class Node<Leaf> {
  from: number
  to: number
  uuid: Node<Leaf> | undefined = undefined
  number: Node<Leaf> | undefined = undefined
  child: Node<Leaf> | undefined = undefined
  sibling: Node<Leaf> | undefined = undefined
  leaf: Leaf | undefined = undefined

  constructor(from: number, to: number) {
    this.from = from
    this.to = to
  }

  /** The front stays what it is among its siblings. */
  split(at: number): void {
    const back = new Node<Leaf>(at, this.to)
    back.uuid = this.uuid
    back.number = this.number
    back.child = this.child
    back.leaf = this.leaf
    this.to = at
    this.uuid = undefined
    this.number = undefined
    this.child = back
    this.leaf = undefined
  }
}

const [newline, dot, zero, nine] = [10, 46, 48, 57] as const

/** Lines with holes, as a tree of their bytes, so that a line is compared with all of them at once. */
export class PatternTree<Leaf> {
  readonly #root = new Node<Leaf>(0, 0)
  #bytes = new Uint8Array(1 << 16)
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  #nodes = 0
  /** What was in the holes of the line that was found: four words a UUID; NaN for a fraction. */
  readonly uuids = new Uint32Array(mostHoles * 4)
  readonly numbers = new Float64Array(mostHoles)
  /** Where the line that was found ends. */
  end = 0

  /** About the bytes that it takes. */
  get size(): number {
    return this.#used + this.#nodes * 100
  }

  /** The leaf of the line that starts here. The block must have a line break at its end. */
  find(block: Uint8Array, view: DataView, start: number): Leaf | undefined {
    const bytes = this.#bytes
    const known = this.#view
    let at = start
    let uuids = 0
    let numbers = 0
    let node = this.#root
    for (;;) {
      const { to } = node
      let index = node.from
      if (at + to - index > block.length) return undefined
      for (; index + 4 <= to; index += 4, at += 4) {
        if (view.getInt32(at) !== known.getInt32(index)) return undefined
      }
      for (; index < to; index += 1, at += 1) {
        if (block[at] !== bytes[index]) return undefined
      }
      const next = block[at] as number
      if (node.uuid !== undefined && readUuid(block, at, this.uuids, uuids * 4)) {
        uuids += 1
        at += 36
        node = node.uuid
        continue
      }
      if (node.number !== undefined) {
        const end = this.#readNumber(block, at, numbers)
        if (end > at) {
          numbers += 1
          at = end
          node = node.number
          continue
        }
      }
      if (next === newline) {
        this.end = at
        return node.leaf
      }
      const child = this.#childOf(node, next)
      if (child === undefined) return undefined
      node = child
    }
  }

  /** Only a number above zero, without an exponent. Returns where it ends. */
  #readNumber(block: Uint8Array, start: number, hole: number): number {
    let at = start
    let value = 0
    let byte = block[at] as number
    if (byte === zero && block[at + 1] !== dot) return start
    for (; byte >= zero && byte <= nine; byte = block[at] as number) {
      value = value * 10 + byte - zero
      at += 1
    }
    if (at > start && byte === dot) {
      let isZero = value === 0
      at += 1
      const digits = at
      for (byte = block[at] as number; byte >= zero && byte <= nine; byte = block[at] as number) {
        if (byte !== zero) isZero = false
        at += 1
      }
      if (isZero || at === digits) return start
      value = Number.NaN
    }
    this.numbers[hole] = value
    return at
  }

  add(parts: readonly Part[], leaf: Leaf): void {
    let node = this.#root
    for (const part of parts) {
      if (part === 'uuid') node = node.uuid ??= this.#nodeOf(0, 0)
      else if (part === 'number') node = node.number ??= this.#nodeOf(0, 0)
      else node = this.#extend(node, part)
    }
    node.leaf = leaf
  }

  /** The node behind these bytes, made where there is none. */
  #extend(from: Node<Leaf>, part: Uint8Array): Node<Leaf> {
    let node = from
    let at = 0
    while (at < part.length) {
      const child = this.#childOf(node, part[at] as number)
      if (child === undefined) {
        const start = this.#keep(part.subarray(at))
        const fresh = this.#nodeOf(start, this.#used)
        fresh.sibling = node.child
        node.child = fresh
        return fresh
      }
      let index = child.from
      for (; index < child.to && at < part.length; index += 1, at += 1) {
        if (this.#bytes[index] !== part[at]) break
      }
      if (index < child.to) child.split(index)
      node = child
    }
    return node
  }

  #childOf(node: Node<Leaf>, byte: number): Node<Leaf> | undefined {
    let { child } = node
    while (child !== undefined && this.#bytes[child.from] !== byte) child = child.sibling
    return child
  }

  #nodeOf(from: number, to: number): Node<Leaf> {
    this.#nodes += 1
    return new Node(from, to)
  }

  #keep(part: Uint8Array): number {
    const start = this.#used
    this.#used += part.length
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(this.#used * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#bytes.set(part, start)
    return start
  }
}
