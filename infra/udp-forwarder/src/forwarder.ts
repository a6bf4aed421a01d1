import { judgeOutcome, type Outcome, type Verdict } from './answer.ts'
import type { Batch } from './batch.ts'
import type { Counts } from './counts.ts'
import { afterFailure, afterSuccess, type Gate, openGate, postsAllowed } from './gate.ts'
import type { Log } from './log.ts'
import type { Poster } from './post.ts'
import type { Queue } from './queue.ts'
import { isHopeless } from './suspicion.ts'

interface Parts {
  readonly queue: Queue
  readonly poster: Poster
  readonly counts: Counts
  readonly log: Log
  readonly concurrency: number
  readonly batchDelayMs: number
  readonly now: () => number
  readonly random: () => number
}

/** While we are asked to end, nobody may keep us waiting for longer: what is left would be lost. */
const drainWaitMs = 1000

/** Moves batches from the queue to the worker. */
export class Forwarder {
  readonly #parts: Parts
  #gate: Gate = openGate
  #underWay = 0
  /** Events under way: neither in the queue nor settled. */
  #eventsUnderWay = 0
  #storedPosts = 0
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #onIdle: (() => void) | undefined
  #hasEnded = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get postsUnderWay(): number {
    return this.#underWay
  }

  get eventsUnderWay(): number {
    return this.#eventsUnderWay
  }

  get reachesWorker(): boolean {
    return this.#gate.failures === 0
  }

  accept(line: Uint8Array): void {
    const { queue, counts, now } = this.#parts
    const time = now()
    counts.gaveWay += queue.push(line, time)
    // The first of a batch sets the timer; those that follow have nothing to start.
    if (queue.hasSealed || queue.openSince === time) this.#pump()
  }

  /** Settles when everything is delivered, or at the deadline; says how many events are lost. */
  async drain(deadlineMs: number): Promise<number> {
    const { queue, poster, now } = this.#parts
    const isEmpty = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    this.#gate = { ...this.#gate, until: Math.min(this.#gate.until, now()) }
    const deadline = setTimeout(() => this.#onIdle?.(), deadlineMs)
    this.#pump()
    await isEmpty
    clearTimeout(deadline)
    clearTimeout(this.#timer)
    const lost = queue.events + this.#eventsUnderWay
    this.#hasEnded = true
    poster.close()
    return lost
  }

  /** Starts what may start now, and sees to it that the rest is not forgotten. */
  #pump(): void {
    if (this.#hasEnded) return
    const { queue, concurrency, now } = this.#parts
    const time = now()
    while (this.#underWay < postsAllowed(this.#gate, time, concurrency)) {
      const batch = queue.take(this.#ripeAt() <= time)
      if (batch === undefined) break
      void this.#post(batch, time)
    }
    if (queue.events === 0) {
      if (this.#underWay === 0) this.#onIdle?.()
    } else if (time < this.#gate.until) {
      this.#wakeAt(this.#gate.until)
    } else if (this.#underWay < postsAllowed(this.#gate, time, concurrency)) {
      this.#wakeAt(this.#ripeAt())
    }
  }

  /** When the batch that still fills may go without being full. */
  #ripeAt(): number {
    const { queue, batchDelayMs } = this.#parts
    return this.#onIdle === undefined ? (queue.openSince ?? 0) + batchDelayMs : 0
  }

  async #post(batch: Batch, startedAt: number): Promise<void> {
    const { poster, counts, now } = this.#parts
    const { body, lines } = batch.posted
    const all = batch.lines
    this.#underWay += 1
    this.#eventsUnderWay += all
    counts.posts += 1
    const outcome = await poster.post(body)
    this.#underWay -= 1
    this.#eventsUnderWay -= all
    const verdict = judgeOutcome(outcome, lines, now())
    this.#settle(batch, lines, verdict)
    if (this.#hasEnded) return
    this.#learn(verdict, outcome, startedAt)
    this.#pump()
  }

  /** What becomes of the events. */
  #settle(batch: Batch, lines: number, verdict: Verdict): void {
    const { counts } = this.#parts
    switch (verdict.kind) {
      case 'stored':
        batch.settle(lines)
        counts.forwarded += lines
        return this.#progress(batch, lines)
      case 'lines': {
        const { later, refused, isFault } = verdict
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
      case 'again':
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
    if (isHopeless(batch, lines, this.#storedPosts)) {
      batch.settle(1)
      batch.faults = 0
      this.#parts.counts.refused += 1
    }
    batch.share = Math.ceil(lines / 2)
    // Behind the others: they tell whether it is the worker or this.
    this.#putBack(batch, 'last')
  }

  #putBack(batch: Batch, where: 'first' | 'last'): void {
    const { queue } = this.#parts
    if (batch.lines === 0) queue.release(batch)
    else queue.putBack(batch, where)
  }

  /** What the next posts may learn from this one. */
  #learn(verdict: Verdict, outcome: Outcome, startedAt: number): void {
    const { counts, log, now, random } = this.#parts
    const isSetback = verdict.kind === 'later' || verdict.kind === 'fault'
    if (isSetback || (verdict.kind === 'lines' && verdict.later.size > 0)) {
      const reason = outcome.kind === 'answered' ? `status ${outcome.status}` : outcome.reason
      counts.countFailedPost(reason)
      const wasOpen = this.reachesWorker
      const failure = { startedAt, now: now(), ...waitOf(verdict) }
      this.#gate = afterFailure(this.#gate, failure, random)
      if (this.#onIdle !== undefined) {
        this.#gate = { ...this.#gate, until: Math.min(this.#gate.until, now() + drainWaitMs) }
      }
      if (wasOpen) log.warn('the worker does not take events; they wait', { reason })
    } else if (verdict.kind !== 'again') {
      const wasOpen = this.reachesWorker
      this.#gate = afterSuccess(this.#gate, startedAt)
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

function waitOf(verdict: Verdict): { readonly retryAfterMs?: number } {
  const wait = 'retryAfterMs' in verdict ? verdict.retryAfterMs : undefined
  return wait === undefined ? {} : { retryAfterMs: wait }
}
