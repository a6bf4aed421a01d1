import type { Event } from 'runmat-telemetry-common/events/event'
import { allOf, type Sink, type Trouble } from 'runmat-telemetry-common/sink'

import type { Broker, StreamSession } from './broker.ts'
import type { Names } from './names.ts'
import { productHeaderOf } from './product-header.ts'
import type { Receipt } from './publish.ts'
import { openRoom } from './room.ts'
import { troubleOf } from './trouble.ts'

/** What the stream keeps beside an event: its subject, headers and sums. */
const besideBytes = 256
const full: Trouble = { cause: 'buffer: the stream is full' }

/** The stream as a sink: an event is stored once the servers confirm it. */
export function openBufferSink(broker: Broker, names: Names): Sink {
  const room = openRoom(names)

  const publish = async (
    session: StreamSession,
    events: readonly Event[],
  ): Promise<readonly Receipt[]> => {
    const sizes = events.map(({ bytes }) => bytes.length + besideBytes)
    const fits = await room.take(session, sizes)
    const taken = sizes.slice(0, fits).reduce((sum, size) => sum + size, 0)
    const receipts = await session.publisher
      .publish(
        events.slice(0, fits).map(({ uuid, bytes, product }) => ({
          subject: names.events,
          id: uuid,
          data: bytes,
          headers: productHeaderOf(product),
        })),
      )
      .finally(() => room.settle(taken))
    return events.map((_, index) => receipts[index] ?? full)
  }
  return {
    name: 'buffer',
    inFlight: 4,
    store: async (events) => {
      const session = broker.session()
      if (session === undefined) return allOf(events, 'later', broker.trouble())
      const receipts = await publish(session, events).catch((error: unknown): readonly Receipt[] =>
        events.map(() => troubleOf(error)),
      )
      const trouble = receipts.find((receipt) => receipt !== 'stored')
      return {
        outcomes: receipts.map((receipt) => (receipt === 'stored' ? 'stored' : 'later')),
        ...(trouble !== undefined && { trouble }),
      }
    },
    probe: async () => {
      const session = broker.session()
      if (session === undefined) return broker.trouble()
      try {
        return (await room.look(session)) > 0 ? undefined : full
      } catch (error) {
        return troubleOf(error)
      }
    },
    close: () => broker.close(),
  }
}
