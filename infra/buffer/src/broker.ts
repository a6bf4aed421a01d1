import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Trouble } from 'runmat-telemetry-common/sink'

import { connectTo, inboxOf, type Purpose } from './connection.ts'
import { limits } from './limits.ts'
import { openPublisher, type Publisher } from './publish.ts'
import type { BufferSettings } from './settings.ts'
import { openSleeper } from './sleeper.ts'
import { troubleOf } from './trouble.ts'

/** A connection on which everything is prepared. */
export interface StreamSession {
  readonly connection: NatsConnection
  /** The prefix of every inbox. */
  readonly inbox: string
  readonly manager: JetStreamManager
  readonly publisher: Publisher
}

export interface Broker {
  /** Undefined while there is no connection, or while the stream isn't ready. */
  readonly session: () => StreamSession | undefined
  /** Why there is no session. */
  readonly trouble: () => Trouble
  /** Settles when a session begins or ends. */
  readonly change: () => Promise<void>
  /** Something may have changed: there is no session until everything is prepared again. */
  readonly recheck: () => void
  readonly close: () => Promise<void>
}

export interface BrokerOptions {
  readonly settings: BufferSettings
  readonly purpose: Purpose
  /** Checks the stream and creates what is missing, after every new connection. */
  readonly prepare: (session: StreamSession) => Promise<void>
  readonly note: (message: string) => void
}

/**
 * Keeps a connection for as long as the process runs. A process that starts before the servers, or
 * outlives them, waits and isn't ready meanwhile.
 */
export function openBroker({ settings, purpose, prepare, note }: BrokerOptions): Broker {
  let open: StreamSession | undefined
  let ready = false
  let closing = false
  let trouble: Trouble = { cause: 'buffer: not connected yet' }
  let round = 0
  let waiting: (() => void)[] = []
  const { sleep, wake } = openSleeper()
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

  const begin = async (session: StreamSession): Promise<void> => {
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
        await sleep(limits.retryMs)
      }
    }
  }
  const end = (session: StreamSession): void => {
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
      await sleep(limits.retryMs)
    }
  }
  const running = run()

  return {
    session: () => (ready ? open : undefined),
    trouble: () => trouble,
    recheck: () => {
      ready = false
      if (open !== undefined) void begin(open)
    },
    change: () => (closing ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close: async () => {
      closing = true
      wake()
      changed()
      if (open !== undefined) {
        // The last acknowledgements should reach the servers, which may be gone too.
        await Promise.race([open.connection.flush().catch(() => undefined), sleep(1000)])
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
): Promise<StreamSession> {
  const { ackMs } = limits
  return {
    connection,
    inbox,
    manager: await jetstreamManager(connection, { checkAPI: false, timeout: ackMs }),
    publisher: openPublisher(connection, { inbox, stream, deadlineMs: ackMs }),
  }
}
