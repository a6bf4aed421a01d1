import { allOf, type Sink, type Trouble } from 'runmat-telemetry-common/sink'

import type { Broker, StreamSession } from './broker.ts'
import type { Names } from './names.ts'
import { productHeaderOf } from './product-header.ts'
import { troubleOf } from './trouble.ts'

/** Room for the largest event and JetStream's overhead. */
const spareBytes = 68 * 1024

/** The stream as a sink: an event is stored once the servers confirm it. */
export function openBufferSink(broker: Broker, names: Names): Sink {
  return {
    name: 'buffer',
    inFlight: 4,
    store: async (events) => {
      const session = broker.session()
      if (session === undefined) return allOf(events, 'later', broker.trouble())
      const receipts = await session.publisher.publish(
        events.map(({ uuid, bytes, product }) => ({
          subject: names.events,
          id: uuid,
          data: bytes,
          headers: productHeaderOf(product),
        })),
      )
      const trouble = receipts.find((receipt) => receipt !== 'stored')
      return {
        outcomes: receipts.map((receipt) => (receipt === 'stored' ? 'stored' : 'later')),
        ...(trouble !== undefined && { trouble }),
      }
    },
    probe: async () => {
      const session = broker.session()
      return session === undefined ? broker.trouble() : await roomIn(session, names.stream)
    },
    close: () => broker.close(),
  }
}

async function roomIn({ manager }: StreamSession, stream: string): Promise<Trouble | undefined> {
  try {
    const { config, state } = await manager.streams.info(stream)
    if (state.bytes + spareBytes <= config.max_bytes) return undefined
    return { cause: 'buffer: the stream is full' }
  } catch (error) {
    return troubleOf(error)
  }
}
