import type { StoredMsg } from '@nats-io/jetstream'

import type { Broker, StreamSession } from './broker.ts'
import { type DeliverOptions, openDeliverBatch, suspiciousSize } from './deliver-batch.ts'
import { limits } from './limits.ts'
import { openPull, type Pull } from './pull.ts'
import { openSleeper } from './sleeper.ts'
import { storedMessageOf, type StreamMessage } from './stream-message.ts'

export interface DeliveryOptions extends DeliverOptions {
  /** How many events the sink gets at a time. */
  readonly batch: number
  readonly broker: Broker
}

export interface Delivery {
  /** Delivers what the consumer hands out no more. Which of the messages are done with? */
  readonly again: (
    session: StreamSession,
    messages: readonly StoredMsg[],
  ) => Promise<readonly boolean[]>
  /** Takes no more messages, and settles once every message taken has been answered. */
  readonly close: () => Promise<void>
}

/** Delivers the stream to one sink, at that sink's pace. */
export function openDelivery(options: DeliveryOptions): Delivery {
  const { sink, circuitBreaker, broker, names } = options
  const deliverBatch = openDeliverBatch(options)
  const inFlight = new Set<Promise<void>>()
  let closing = false
  const isOpen = (): boolean => !closing
  const { sleep, wake } = openSleeper()

  const begin = (session: StreamSession, messages: readonly StreamMessage[]): Promise<void> => {
    const delivering = deliverBatch(session, messages).finally(() => {
      inFlight.delete(delivering)
      wake()
    })
    inFlight.add(delivering)
    return delivering
  }

  /** While the sink is in trouble, one small batch at a time tests it. */
  const room = (): number => {
    if (circuitBreaker.waitMs() > 0) return 0
    if (circuitBreaker.trouble() === undefined) {
      return inFlight.size < sink.inFlight ? options.batch : 0
    }
    return inFlight.size === 0 ? Math.min(options.batch, 2 * suspiciousSize) : 0
  }

  const serve = async (session: StreamSession, pull: Pull): Promise<void> => {
    while (isOpen() && broker.session() === session) {
      const most = room()
      if (most === 0) {
        await sleep(Math.min(Math.max(circuitBreaker.waitMs(), 10), limits.retryMs))
        continue
      }
      const { messages, isSound } = await pull.take(most)
      if (messages.length > 0) void begin(session, messages)
      // The consumer may be gone; preparing the session creates it again.
      if (!isSound && isOpen()) broker.recheck()
    }
  }

  let current: Pull | undefined
  const run = async (): Promise<void> => {
    while (isOpen()) {
      const session = broker.session()
      if (session === undefined) {
        await Promise.race([broker.change(), sleep(limits.retryMs)])
        continue
      }
      current = openPull(session, names.stream, sink.name)
      await serve(session, current)
      current.close()
    }
  }
  const running = run()

  return {
    again: async (session, messages) => {
      const done = new Set<StoredMsg>()
      if (isOpen() && circuitBreaker.waitMs() === 0) {
        const given = messages.map((one) => storedMessageOf(one, () => void done.add(one)))
        await begin(session, given)
      }
      return messages.map((one) => done.has(one))
    },
    close: async () => {
      closing = true
      wake()
      current?.close()
      await running
      await Promise.all(inFlight)
    },
  }
}
