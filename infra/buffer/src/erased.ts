import type { Broker, StreamSession } from './broker.ts'
import type { Names } from './names.ts'
import { BufferFault } from './trouble.ts'

/** The tombstones on the servers: a message for each request to erase, kept for good. */
export interface ErasedStream {
  /** Settles once the servers can be asked. */
  readonly ready: Promise<void>
  /** Rejects unless a majority of the servers has these lines. */
  readonly publish: (lines: string) => Promise<void>
  /** The lines that came since the last call. Rejects unless they are all of them. */
  readonly news: () => Promise<string>
}

/** How often to check for a connection at the start. */
const checkMs = 100
/** How many messages are read at a time. */
const atOnce = 64

export function openErasedStream(broker: Broker, names: Names): ErasedStream {
  let next = 1
  let created: string | undefined
  let reading: Promise<unknown> = Promise.resolve()

  const sessionNow = (): StreamSession => {
    const session = broker.session()
    if (session === undefined) throw new BufferFault('the stream is away')
    return session
  }
  const read = async (): Promise<string> => {
    const { manager } = sessionNow()
    const { created: since, state } = await manager.streams.info(names.erasedStream)
    // Somebody deleted the stream, and it was made again.
    if (since !== created) next = 1
    created = since
    let text = ''
    while (next <= state.last_seq) {
      const count = Math.min(atOnce, state.last_seq - next + 1)
      const messages = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          manager.streams.getMessage(names.erasedStream, { seq: next + index }),
        ),
      )
      for (const message of messages) text += `${message?.string() ?? ''}\n`
      next += count
    }
    return text
  }
  return {
    ready: new Promise((resolve) => {
      const timer = setInterval(() => {
        if (broker.session() === undefined) return
        clearInterval(timer)
        resolve()
      }, checkMs).unref()
    }),
    publish: async (lines) => {
      const [receipt] = await sessionNow().publisher.publish([
        { subject: names.erased, data: lines },
      ])
      if (receipt !== 'stored') throw new BufferFault(receipt?.cause ?? 'no confirmation')
    },
    // One after the other: an answer to an earlier question may not know a later tombstone.
    news: () => {
      const asking = reading.then(read)
      reading = asking.catch(() => undefined)
      return asking
    },
  }
}
