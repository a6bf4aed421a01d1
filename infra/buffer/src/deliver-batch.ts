import {
  type CircuitBreaker,
  pauseAfter,
  sinkBackOff,
} from 'runmat-telemetry-common/circuit-breaker'
import type { Event } from 'runmat-telemetry-common/events/event'
import type { ProductReaders } from 'runmat-telemetry-common/events/products'
import { allOf, isDone, type Result, type Sink, type Trouble } from 'runmat-telemetry-common/sink'

import type { StreamSession } from './broker.ts'
import { storeDeadLetters } from './dead-letter.ts'
import type { Names } from './names.ts'
import { type DeadMessage, parseMessages } from './parse-messages.ts'
import type { StreamMessage } from './stream-message.ts'

export interface DeliverOptions {
  readonly sink: Sink
  readonly circuitBreaker: CircuitBreaker
  readonly names: Names
  /** Of every product that the sink gets. */
  readonly readers: ProductReaders
  readonly ackWaitMs: number
  readonly counts: DeliveryCounts
  /** Called after every batch. */
  readonly done: (events: readonly Event[], result: Result, ms: number) => void
}

export interface DeliveryCounts {
  delivered: number
  redelivered: number
  deadLetters: number
}

/** Settles once each message has been acknowledged or handed back. Never rejects. */
export type DeliverBatch = (
  session: StreamSession,
  messages: readonly StreamMessage[],
) => Promise<void>

/** A batch this large that is refused as a whole says something about the sink, not the events. */
export const suspiciousSize = 16
const refusesAll: Trouble = { cause: 'the sink refuses all that it is given' }
const sinkFault: Trouble = { cause: 'the sink has a fault' }

/**
 * Delivers one batch to the sink. A stored event is acknowledged, an event for later is handed back,
 * and an event that only the sink refuses becomes a dead letter.
 */
export function openDeliverBatch(options: DeliverOptions): DeliverBatch {
  const { sink, circuitBreaker, names, counts } = options
  let isSuspicious = false

  const deadLetter = async (
    session: StreamSession,
    dead: readonly DeadMessage[],
  ): Promise<void> => {
    const kept = await storeDeadLetters(session.publisher, names, sink.name, dead)
    for (const [index, { message }] of dead.entries()) {
      if (kept[index] === true) {
        counts.deadLetters += 1
        message.ack()
      } else handBack(message)
    }
  }

  const store = async (events: readonly Event[]): Promise<Result> => {
    const startedAt = circuitBreaker.now()
    const result = await sink.store(events).catch(() => allOf(events, 'later', sinkFault))
    const { outcomes, trouble } = judge(result, isSuspicious)
    isSuspicious = trouble === refusesAll
    if (trouble !== undefined) circuitBreaker.failed(trouble)
    else circuitBreaker.succeeded(startedAt)
    return { outcomes, ...(trouble && { trouble }) }
  }

  return async (session, messages) => {
    const start = performance.now()
    const heartbeat = setInterval(() => {
      for (const message of messages) message.working()
    }, options.ackWaitMs / 3)
    try {
      const { valid, invalid, foreign } = parseMessages(messages, {
        names,
        readers: options.readers,
        sink: sink.name,
      })
      counts.redelivered += messages.filter(({ deliveries }) => deliveries > 1).length
      for (const message of foreign) message.ack()
      const dead: DeadMessage[] = [...invalid]
      if (valid.length > 0) {
        const events = valid.map(({ event }) => event)
        const result = await store(events)
        for (const [index, { message }] of valid.entries()) {
          const outcome = result.outcomes[index]
          if (isDone(outcome)) message.ack()
          else if (outcome === 'refused') dead.push({ message, reason: 'refused' })
          else handBack(message, circuitBreaker.waitMs())
        }
        counts.delivered += result.outcomes.filter(isDone).length
        options.done(events, result, performance.now() - start)
      }
      if (dead.length > 0) await deadLetter(session, dead)
    } finally {
      clearInterval(heartbeat)
    }
  }
}

/** The server redelivers it after a while, to any process. */
function handBack(message: StreamMessage, leastMs = 0): void {
  const pause = pauseAfter(message.deliveries, sinkBackOff, Math.random)
  message.nak(Math.max(leastMs, pause))
}

/**
 * A sink that refuses everything is misconfigured. Then nothing becomes a dead letter until
 * something stored beside it proves that the event was at fault.
 */
function judge({ outcomes, trouble }: Result, isSuspicious: boolean): Result {
  if (trouble !== undefined || outcomes.some(isDone)) {
    return { outcomes, ...(trouble && { trouble }) }
  }
  const isAll = isSuspicious || outcomes.length >= suspiciousSize
  return isAll ? { outcomes: outcomes.map(() => 'later'), trouble: refusesAll } : { outcomes }
}
