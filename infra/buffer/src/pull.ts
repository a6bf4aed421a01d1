import { createInbox, nanos } from '@nats-io/transport-node'

import type { StreamSession } from './broker.ts'
import { type StreamMessage, streamMessageOf } from './stream-message.ts'

export interface Taken {
  readonly messages: readonly StreamMessage[]
  /** False: no answer, or not the answer of a consumer that exists and has a leader. */
  readonly isSound: boolean
}

export interface Pull {
  /** Waits for at least one message, and takes up to `most`. None if none came in time. Never rejects. */
  readonly take: (most: number) => Promise<Taken>
  readonly close: () => void
}

/** No messages; request expired. */
const ends: ReadonlySet<number | undefined> = new Set([404, 408])

/** How long the server keeps a request open, and how much longer we wait for its answer. */
const waitMs = 2000
const graceMs = 3000

/**
 * Asks for a batch only when there is room for one, so that messages wait on the server for whichever
 * process has room first. It takes what is there at once; if there is nothing, it waits for one
 * message and takes what came with it. The library's `fetch` can only wait until a batch is full or a
 * second has passed, and its `consume` takes messages ahead of time.
 */
export function openPull(
  { connection, inbox: prefix }: StreamSession,
  stream: string,
  consumer: string,
): Pull {
  const inbox = createInbox(prefix)
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`
  let taken: StreamMessage[] = []
  let wanted = 0
  let isSound = true
  let done: (() => void) | undefined
  const fail = (): void => {
    isSound = false
    done?.()
  }

  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      if (error !== null) return fail()
      // A status message has the inbox as its subject and means there are no more messages.
      if (message.subject === inbox) return ends.has(message.headers?.code) ? done?.() : fail()
      taken.push(streamMessageOf(message))
      if (taken.length >= wanted) done?.()
    },
  })

  const ask = (request: object, most: number, forMs: number): Promise<void> =>
    new Promise((resolve) => {
      wanted = most
      const timer = setTimeout(fail, forMs)
      done = () => {
        clearTimeout(timer)
        done = undefined
        resolve()
      }
      try {
        connection.publish(subject, JSON.stringify(request), { reply: inbox })
      } catch {
        fail()
      }
    })
  const askAtOnce = (most: number): Promise<void> =>
    ask({ batch: most - taken.length, no_wait: true }, most, graceMs)

  return {
    take: async (most) => {
      isSound = true
      await askAtOnce(most)
      if (taken.length === 0 && isSound) {
        await ask({ batch: 1, expires: nanos(waitMs) }, 1, waitMs + graceMs)
        if (taken.length > 0 && most > taken.length) await askAtOnce(most)
      }
      // This includes messages that arrived too late for their own request: they are ours to deliver.
      const messages = taken
      taken = []
      return { messages, isSound }
    },
    close: () => {
      done?.()
      subscription.unsubscribe()
    },
  }
}
