import { Batch } from './batch.ts'

export interface QueueLimits {
  readonly queueBytes: number
  readonly batchBytes: number
  readonly batchEvents: number
}

/**
 * What waits for the worker, the oldest first. All memory is in batches of one size, and there is a
 * fixed number of them: when the last one is full, the oldest that waits gives way.
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

  /** Events that wait, without those under way. */
  get events(): number {
    return this.#events
  }

  get bytes(): number {
    return this.#bytes
  }

  get hasSealed(): boolean {
    return this.#sealed.length > 0
  }

  /** When the first event came into the batch that still fills. */
  get openSince(): number | undefined {
    return this.#openSince
  }

  /** Says how many events gave way to it. */
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

  /** The oldest that is full; one that still fills only if nothing else is left and it may go. */
  take(mayBeOpen: boolean): Batch | undefined {
    if (mayBeOpen && !this.hasSealed) this.#seal()
    const batch = this.#sealed.shift()
    if (batch !== undefined) this.#count(batch, -1)
    return batch
  }

  /** Not stored: it waits again, before all others or behind them. */
  putBack(batch: Batch, where: 'first' | 'last'): void {
    if (where === 'first') {
      this.#sealed.unshift(batch)
    } else {
      this.#seal()
      this.#sealed.push(batch)
    }
    this.#count(batch, 1)
  }

  /** Done with: its memory is for others. */
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

  /** What was put back or sealed early takes the memory of a full one: two of these make one. */
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
