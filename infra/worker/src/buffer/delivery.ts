import { limits } from '../limits.ts'
import type { Broker, Session } from './broker.ts'
import { type CourierOptions, openCourier, suspicious } from './courier.ts'
import type { Delivered } from './delivered.ts'
import { openNaps } from './naps.ts'
import { openPull, type Pull } from './pull.ts'

export interface DeliveryOptions extends CourierOptions {
  /** How many events the sink gets at a time. */
  readonly batch: number
  readonly broker: Broker
}

export interface Delivery {
  /** Takes nothing more, and settles when all that was taken has been answered for. */
  readonly close: () => Promise<void>
}

/** Brings what is in the stream to one sink, at that sink's pace. */
export function openDelivery(options: DeliveryOptions): Delivery {
  const { sink, gate, broker, names } = options
  const courier = openCourier(options)
  const underWay = new Set<Promise<void>>()
  let closing = false
  const isOpen = (): boolean => !closing
  const { nap, wake } = openNaps()

  const begin = (session: Session, messages: readonly Delivered[]): void => {
    const delivering = courier(session, messages).finally(() => {
      underWay.delete(delivering)
      wake()
    })
    underWay.add(delivering)
  }

  /** As long as the sink is in trouble, a few events at a time find out. */
  const room = (): number => {
    if (gate.waitMs() > 0) return 0
    if (gate.trouble() === undefined) return underWay.size < sink.inFlight ? options.batch : 0
    return underWay.size === 0 ? Math.min(options.batch, 2 * suspicious) : 0
  }

  const serve = async (session: Session, pull: Pull): Promise<void> => {
    while (isOpen() && broker.session() === session) {
      const most = room()
      if (most === 0) {
        await nap(Math.min(Math.max(gate.waitMs(), 10), limits.buffer.againMs))
        continue
      }
      const { messages, isSound } = await pull.take(most)
      if (messages.length > 0) begin(session, messages)
      // Our place in the stream may be gone, and is made anew.
      if (!isSound && isOpen()) broker.doubt()
    }
  }

  let current: Pull | undefined
  const run = async (): Promise<void> => {
    while (isOpen()) {
      const session = broker.session()
      if (session === undefined) {
        await Promise.race([broker.change(), nap(limits.buffer.againMs)])
        continue
      }
      current = openPull(session, names.stream, sink.name)
      await serve(session, current)
      current.close()
    }
  }
  const running = run()

  return {
    close: async () => {
      closing = true
      wake()
      current?.close()
      await running
      await Promise.all(underWay)
    },
  }
}
