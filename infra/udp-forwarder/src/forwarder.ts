import {
  afterFailure,
  afterSuccess,
  type CircuitState,
  closedCircuit,
} from 'runmat-telemetry-common/circuit-breaker'
import type { Log } from 'runmat-telemetry-common/log'

import type { BatchDecision } from './batch-decision.ts'
import type { Batch } from './batch.ts'
import type { Counts } from './counts.ts'
import type { Delivered, Destination } from './destination.ts'
import { isPoisonEvent } from './poison-event.ts'
import type { Queue } from './queue.ts'

interface Parts {
  readonly queue: Queue
  readonly destination: Destination
  readonly counts: Counts
  readonly log: Log
  readonly concurrency: number
  readonly batchDelayMs: number
  readonly now: () => number
  readonly random: () => number
}

/** Pauses between failed posts. */
export const backOff = { firstMs: 250, mostMs: 5000 } as const

/** While shutting down, a pause is never longer than this: what is left would be lost. */
const drainWaitMs = 1000

/** While there are failures, one post at a time tests whether the worker is back. */
export function postsAllowed(
  { failures, until }: CircuitState,
  now: number,
  concurrency: number,
): number {
  if (now < until) return 0
  return failures > 0 ? 1 : concurrency
}

/** Moves batches from the queue to the worker or the stream. */
export class Forwarder {
  readonly #parts: Parts
  #circuit: CircuitState = closedCircuit
  #inFlight = 0
  /** Events that are neither in the queue nor settled. */
  #eventsInFlight = 0
  #storedPosts = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #onIdle: (() => void) | undefined
  #hasEnded = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get postsInFlight(): number {
    return this.#inFlight
  }

  get eventsInFlight(): number {
    return this.#eventsInFlight
  }

  get reachesWorker(): boolean {
    return this.#circuit.failures === 0
  }

  accept(line: Uint8Array): void {
    const { queue, counts, now } = this.#parts
    const time = now()
    counts.gaveWay += queue.push(line, time)
    // The first event of a batch sets the timer; those that follow have nothing to start.
    if (queue.hasSealed || queue.openSince === time) this.#pump()
  }

  /** Settles once everything is delivered or at the deadline. Returns how many events are lost. */
  async drain(deadlineMs: number): Promise<number> {
    const { queue, destination, now } = this.#parts
    const isEmpty = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    this.#circuit = { ...this.#circuit, until: Math.min(this.#circuit.until, now()) }
    const deadline = setTimeout(() => this.#onIdle?.(), deadlineMs)
    this.#pump()
    await isEmpty
    clearTimeout(deadline)
    clearTimeout(this.#timer)
    const lost = queue.events + this.#eventsInFlight
    this.#hasEnded = true
    destination.close()
    return lost
  }

  /** Starts every post that may start now, and sets a timer for the rest. */
  #pump(): void {
    if (this.#hasEnded) return
    const { queue, concurrency, now } = this.#parts
    const time = now()
    while (this.#inFlight < postsAllowed(this.#circuit, time, concurrency)) {
      const batch = queue.take(this.#ripeAt() <= time)
      if (batch === undefined) break
      void this.#post(batch, time)
    }
    if (queue.events === 0) {
      if (this.#inFlight === 0) this.#onIdle?.()
    } else if (time < this.#circuit.until) {
      this.#wakeAt(this.#circuit.until)
    } else if (this.#inFlight < postsAllowed(this.#circuit, time, concurrency)) {
      this.#wakeAt(this.#ripeAt())
    }
  }

  /** When the batch that is still filling may go without being full. */
  #ripeAt(): number {
    const { queue, batchDelayMs } = this.#parts
    return this.#onIdle === undefined ? (queue.openSince ?? 0) + batchDelayMs : 0
  }

  async #post(batch: Batch, startedAt: number): Promise<void> {
    const { destination, counts } = this.#parts
    const { body, lines } = batch.posted
    const all = batch.lines
    this.#inFlight += 1
    this.#eventsInFlight += all
    counts.posts += 1
    const delivered = await destination.deliver(body, lines)
    this.#inFlight -= 1
    this.#eventsInFlight -= all
    this.#settle(batch, lines, delivered.decision)
    if (this.#hasEnded) return
    this.#learn(delivered, startedAt)
    this.#pump()
  }

  /** Settles the events, or puts them back. */
  #settle(batch: Batch, lines: number, decision: BatchDecision): void {
    const { counts } = this.#parts
    switch (decision.kind) {
      case 'stored':
        batch.settle(lines)
        counts.forwarded += lines
        return this.#progress(batch, lines)
      case 'lines': {
        const { later, refused, isFault } = decision
        batch.settle(lines, (line) => later.has(line))
        counts.refused += refused
        counts.forwarded += lines - later.size - refused
        if (later.size === 0) return this.#progress(batch, lines)
        return isFault ? this.#suspect(batch, later.size) : this.#putBack(batch, 'first')
      }
      case 'fewer':
        if (lines > 1) {
          batch.share = Math.ceil(lines / 2)
          return this.#putBack(batch, 'first')
        }
        batch.settle(1)
        counts.refused += 1
        return this.#putBack(batch, 'first')
      case 'fault':
        return this.#suspect(batch, lines)
      case 'later':
        return this.#putBack(batch, 'first')
    }
  }

  #progress(batch: Batch, lines: number): void {
    this.#storedPosts += 1
    batch.faults = 0
    batch.share = lines * 2
    this.#putBack(batch, 'first')
  }

  #suspect(batch: Batch, lines: number): void {
    if (isPoisonEvent(batch, lines, this.#storedPosts)) {
      batch.settle(1)
      batch.faults = 0
      this.#parts.counts.refused += 1
    }
    batch.share = Math.ceil(lines / 2)
    // Behind the others, which show whether the worker or this event is at fault.
    this.#putBack(batch, 'last')
  }

  #putBack(batch: Batch, where: 'first' | 'last'): void {
    const { queue } = this.#parts
    if (batch.lines === 0) queue.release(batch)
    else queue.putBack(batch, where)
  }

  /** Opens or closes the circuit for the next posts. */
  #learn({ decision, reason }: Delivered, startedAt: number): void {
    const { counts, log, now, random } = this.#parts
    const isSetback = decision.kind === 'later' || decision.kind === 'fault'
    if (isSetback || (decision.kind === 'lines' && decision.later.size > 0)) {
      counts.countFailedPost(reason)
      const wasOpen = this.reachesWorker
      const failure = { startedAt, now: now(), ...waitOf(decision) }
      this.#circuit = afterFailure(this.#circuit, failure, backOff, random)
      if (this.#onIdle !== undefined) {
        this.#circuit = {
          ...this.#circuit,
          until: Math.min(this.#circuit.until, now() + drainWaitMs),
        }
      }
      if (wasOpen) log.warn('the worker does not take events; they wait', { reason })
    } else {
      const wasOpen = this.reachesWorker
      this.#circuit = afterSuccess(this.#circuit, startedAt)
      if (!wasOpen && this.reachesWorker) log.info('the worker takes events again')
    }
  }

  #wakeAt(time: number): void {
    if (time >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = time
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY
        this.#pump()
      },
      Math.max(0, time - this.#parts.now()),
    )
  }
}

function waitOf(decision: BatchDecision): { readonly retryAfterMs?: number } {
  const wait = 'retryAfterMs' in decision ? decision.retryAfterMs : undefined
  return wait === undefined ? {} : { retryAfterMs: wait }
}
