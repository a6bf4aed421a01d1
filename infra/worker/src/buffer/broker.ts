import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'

import type { BufferSettings } from '../../../common/buffer-settings.ts'
import { limits } from '../limits.ts'
import type { Trouble } from '../sinks/sink.ts'
import { connectTo, inboxOf, type Purpose } from './connection.ts'
import { troubleOf } from './fault.ts'
import { openNaps } from './naps.ts'
import { openPublisher, type Publisher } from './publish.ts'

/** A connection over which all is as it should be. */
export interface Session {
  readonly connection: NatsConnection
  /** What the names of inboxes begin with. */
  readonly inbox: string
  readonly manager: JetStreamManager
  readonly publisher: Publisher
}

export interface Broker {
  /** Undefined while there is no connection, or something on the other side is wrong. */
  readonly session: () => Session | undefined
  /** Why there is no session. */
  readonly trouble: () => Trouble
  /** Settles with the next state of affairs: a session, or its end. */
  readonly change: () => Promise<void>
  /** Something may not be as it was: no session until that has been looked into. */
  readonly doubt: () => void
  readonly close: () => Promise<void>
}

export interface BrokerOptions {
  readonly settings: BufferSettings
  readonly purpose: Purpose
  /** Looks whether all is there, and makes what is missing; after every new connection. */
  readonly prepare: (session: Session) => Promise<void>
  readonly note: (message: string) => void
}

/**
 * Keeps a connection, for ever. Who starts before the servers do, or outlives them, waits: it is
 * not ready meanwhile, and says so.
 */
export function openBroker({ settings, purpose, prepare, note }: BrokerOptions): Broker {
  let open: Session | undefined
  let ready = false
  let closing = false
  let trouble: Trouble = { cause: 'buffer: not connected yet' }
  let round = 0
  let waiting: (() => void)[] = []
  const { nap, wake } = openNaps()
  const isOpen = (): boolean => !closing

  const changed = (): void => {
    const all = waiting
    waiting = []
    for (const resolve of all) resolve()
  }
  const fail = (error: unknown): void => {
    const { cause } = troubleOf(error)
    if (cause !== trouble.cause) note(cause)
    trouble = { cause }
  }

  const begin = async (session: Session): Promise<void> => {
    round += 1
    const mine = round
    const isCurrent = (): boolean => mine === round && !closing
    while (isCurrent()) {
      try {
        await prepare(session)
        if (!isCurrent()) return
        ready = true
        note('buffer: ready')
        trouble = { cause: 'buffer: the connection was lost' }
        return changed()
      } catch (error) {
        if (isCurrent()) fail(error)
        await nap(limits.buffer.againMs)
      }
    }
  }
  const end = (session: Session): void => {
    round += 1
    if (ready && !closing) note(trouble.cause)
    ready = false
    session.publisher.lost()
    changed()
  }

  const run = async (): Promise<void> => {
    while (isOpen()) {
      try {
        const connection = await connectTo(settings, purpose)
        const session = await sessionOf(connection, settings.stream, inboxOf(purpose))
        if (closing) return await session.connection.close()
        open = session
        const states = session.connection.status()
        void begin(session)
        for await (const { type } of states) {
          if (type === 'disconnect') end(session)
          if (type === 'reconnect') void begin(session)
        }
        end(session)
      } catch (error) {
        fail(error)
      }
      await nap(limits.buffer.againMs)
    }
  }
  const running = run()

  return {
    session: () => (ready ? open : undefined),
    trouble: () => trouble,
    doubt: () => {
      ready = false
      if (open !== undefined) void begin(open)
    },
    change: () => (closing ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close: async () => {
      closing = true
      wake()
      changed()
      if (open !== undefined) {
        // What was confirmed to the servers last is to get there; they may be gone, too.
        await Promise.race([open.connection.flush().catch(() => undefined), nap(1000)])
        wake()
        await open.connection.close()
        await running
      }
    },
  }
}

async function sessionOf(
  connection: NatsConnection,
  stream: string,
  inbox: string,
): Promise<Session> {
  const { ackMs } = limits.buffer
  return {
    connection,
    inbox,
    manager: await jetstreamManager(connection, { checkAPI: false, timeout: ackMs }),
    publisher: openPublisher(connection, { inbox, stream, deadlineMs: ackMs }),
  }
}
