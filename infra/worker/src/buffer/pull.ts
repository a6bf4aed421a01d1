import { createInbox, nanos } from '@nats-io/transport-node'

import type { Session } from './broker.ts'
import { type Delivered, deliveredOf } from './delivered.ts'

export interface Taken {
  readonly messages: readonly Delivered[]
  /** False: the server did not answer, or not as it does where the consumer and its leader are. */
  readonly isSound: boolean
}

export interface Pull {
  /** Up to so many, as soon as there is one; none when none came in time. Never rejects. */
  readonly take: (most: number) => Promise<Taken>
  readonly close: () => void
}

/** There is nothing, and there is nothing more. */
const ends: ReadonlySet<number | undefined> = new Set([404, 408])

/** How long the server keeps a request for the next one, and we wait for an answer beyond that. */
const waitMs = 2000
const graceMs = 3000

/**
 * Asks for a batch when there is room for one, and never before: what the server has not handed out
 * waits with the server, for whichever process has room first. First all that is there; when there
 * is nothing, the next one, and then all that came with it.
 */
export function openPull(
  { connection, inbox: prefix }: Session,
  stream: string,
  consumer: string,
): Pull {
  const inbox = createInbox(prefix)
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`
  let taken: Delivered[] = []
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
      // A status, which has the inbox as its subject, says that nothing more is there.
      if (message.subject === inbox) return ends.has(message.headers?.code) ? done?.() : fail()
      taken.push(deliveredOf(message))
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
      // What came too late for its own request is in here too: it is ours to deliver all the same.
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
