import type { CircuitBreaker } from 'runmat-telemetry-common/circuit-breaker'
import type { Event } from 'runmat-telemetry-common/events/event'
import { allOf, isDone, type Outcome, type Result, type Sink } from 'runmat-telemetry-common/sink'

import { limits } from '../limits.ts'
import { type Answer, later, refuse, stored } from './answer.ts'

export interface GroupCommitOptions {
  readonly sink: Sink
  readonly circuitBreaker: CircuitBreaker
  /** Called after every batch. */
  readonly done: (events: readonly Event[], result: Result, ms: number) => void
}

export interface GroupCommit {
  /** Answers once the sink has stored or refused the event. Never rejects. */
  readonly commit: (event: Event) => Promise<Answer>
  /** The number of events without an answer yet. */
  readonly waiting: () => number
  /** Settles once nothing is in flight. */
  readonly idle: () => Promise<void>
}

interface Waiting {
  readonly event: Event
  readonly answer: (answer: Answer) => void
}

/**
 * Sends events that arrive together to the sink together, while their requests wait. The first goes at
 * once; those that arrive while a batch is in flight form the next batch.
 */
export function openGroupCommit({ sink, circuitBreaker, done }: GroupCommitOptions): GroupCommit {
  const { group } = limits
  const { enough, waitMs } = sink.gathering ?? group.gathering
  let queue: Waiting[] = []
  let inFlight = 0
  let inFlightEvents = 0
  let soon = false
  let wait: NodeJS.Timeout | undefined
  const whenIdle: (() => void)[] = []

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const events = batch.map(({ event }) => event)
    const start = performance.now()
    const startedAt = circuitBreaker.now()
    // A sink that throws is at fault itself; the senders still get an answer.
    const result = await sink.store(events).catch(() => allOf(events, 'later', sinkFault))
    const { outcomes, trouble } = result
    if (trouble !== undefined) circuitBreaker.failed(trouble)
    else circuitBreaker.succeeded(startedAt)
    for (const [index, { answer }] of batch.entries()) answer(answerTo(outcomes[index] ?? 'later'))
    done(events, result, performance.now() - start)
  }

  const answerTo = (outcome: Outcome): Answer => {
    if (isDone(outcome)) return stored
    return outcome === 'refused' ? refused : away(circuitBreaker)
  }

  const flush = (): void => {
    soon = false
    clearTimeout(wait)
    wait = undefined
    if (circuitBreaker.waitMs() > 0)
      for (const { answer } of queue.splice(0)) answer(away(circuitBreaker))
    while (queue.length > 0 && inFlight < sink.inFlight) {
      const batch = takeBatch()
      inFlight += 1
      inFlightEvents += batch.length
      void send(batch).finally(() => {
        inFlight -= 1
        inFlightEvents -= batch.length
        // A post costs as much as reading many events, so a few wait for more here too.
        if (queue.length > 0) schedule()
        else flush()
      })
    }
    if (inFlight === 0 && queue.length === 0) {
      for (const resolve of whenIdle.splice(0)) resolve()
    }
  }

  const takeBatch = (): readonly Waiting[] => {
    let size = 0
    const end = queue.findIndex(({ event }, index) => {
      size += event.bytes.length
      return index > 0 && (index >= group.events || size > group.bytes)
    })
    const batch = end === -1 ? queue : queue.slice(0, end)
    queue = end === -1 ? [] : queue.slice(end)
    return batch
  }

  /** Flushes at the end of this turn, so that everything read in it goes along, or a little later. */
  const schedule = (): void => {
    if (inFlight >= sink.inFlight) return
    if (inFlight > 0 && queue.length < enough) {
      wait ??= setTimeout(flush, waitMs)
    } else if (!soon) {
      soon = true
      setImmediate(flush)
    }
  }

  return {
    commit: (event) => {
      if (circuitBreaker.waitMs() > 0) return Promise.resolve(away(circuitBreaker))
      if (queue.length + inFlightEvents >= limits.waiting) return Promise.resolve(full)
      return new Promise((answer) => {
        queue.push({ event, answer })
        schedule()
      })
    },
    waiting: () => queue.length + inFlightEvents,
    idle: () =>
      new Promise((resolve) => {
        whenIdle.push(resolve)
        flush()
      }),
  }
}

const refused = refuse('sink', 'the sink does not take this event')
const sinkFault = { cause: 'a fault of the sink' }
const full = later('busy', 'too many events are waiting', 1000)

function away(circuitBreaker: CircuitBreaker): Answer {
  return later('away', 'the sink is away; keep the event and retry later', circuitBreaker.waitMs())
}
