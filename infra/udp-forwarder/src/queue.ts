import { Batch } from './batch.ts'

export interface QueueLimits {
  readonly queueBytes: number
  readonly batchBytes: number
  readonly batchEvents: number
}

/**
 * Events that wait for the worker, oldest first. All memory is in a fixed number of batches of one size.
 * When the last one is full, the oldest waiting batch is dropped.
 */
export class Queue {
  readonly #limits: QueueLimits
  readonly #most: number
  readonly #unused: Batch[] = []
  readonly #sealed: Batch[] = []
  #open: Batch | undefined
  #openSince: number | undefined
  #made = 0
  #events = 0
  #bytes = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
    this.#most = Math.floor(limits.queueBytes / limits.batchBytes)
  }

  /** Events that wait, without those in flight. */
  get events(): number {
    return this.#events
  }

  get bytes(): number {
    return this.#bytes
  }

  get hasSealed(): boolean {
    return this.#sealed.length > 0
  }

  /** When the first event arrived in the batch that is still filling. */
  get openSince(): number | undefined {
    return this.#openSince
  }

  /** Returns how many events were dropped to make room. */
  push(line: Uint8Array, now: number): number {
    let gaveWay = 0
    if (this.#open !== undefined && this.#isFull(this.#open, line)) this.#seal()
    if (this.#open === undefined) {
      gaveWay = this.#makeRoom()
      this.#open = this.#unused.pop() ?? this.#make()
      this.#openSince = now
    }
    this.#open.append(line)
    this.#events += 1
    this.#bytes += line.length + 1
    return gaveWay
  }

  /** Takes the oldest sealed batch. Takes one still filling only if it may and no other is left. */
  take(mayBeOpen: boolean): Batch | undefined {
    if (mayBeOpen && !this.hasSealed) this.#seal()
    const batch = this.#sealed.shift()
    if (batch !== undefined) this.#count(batch, -1)
    return batch
  }

  /** Not stored: it waits again, before all others or after them. */
  putBack(batch: Batch, where: 'first' | 'last'): void {
    if (where === 'first') {
      this.#sealed.unshift(batch)
    } else {
      this.#seal()
      this.#sealed.push(batch)
    }
    this.#count(batch, 1)
  }

  /** Frees its memory for other batches. */
  release(batch: Batch): void {
    batch.clear()
    this.#unused.push(batch)
  }

  #seal(): void {
    if (this.#open !== undefined) this.#sealed.push(this.#open)
    this.#open = undefined
    this.#openSince = undefined
  }

  #isFull(batch: Batch, line: Uint8Array): boolean {
    return batch.lines >= this.#limits.batchEvents || !batch.hasRoomFor(line)
  }

  #make(): Batch {
    this.#made += 1
    return new Batch(this.#limits.batchBytes)
  }

  #makeRoom(): number {
    if (this.#unused.length > 0 || this.#made < this.#most || this.#merge()) return 0
    const oldest = this.take(false)
    if (oldest === undefined) return 0
    const { lines } = oldest
    this.release(oldest)
    return lines
  }

  /** A batch put back or sealed early takes as much memory as a full one, so two of them become one. */
  #merge(): boolean {
    const { batchBytes, batchEvents } = this.#limits
    const at = this.#sealed.findIndex((batch, index) => {
      const next = this.#sealed[index + 1]
      if (next === undefined || batch.lines + next.lines > batchEvents) return false
      return batch.length + next.length <= batchBytes
    })
    const [first, second] = this.#sealed.slice(at, at + 2)
    if (at === -1 || first === undefined || second === undefined) return false
    first.absorb(second)
    this.#sealed.splice(at + 1, 1)
    this.release(second)
    return true
  }

  #count(batch: Batch, sign: 1 | -1): void {
    this.#events += sign * batch.lines
    this.#bytes += sign * batch.length
  }
}
