import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'

import type { Broker, StreamSession } from './broker.ts'
import type { Delivery } from './delivery.ts'
import { eraseDeadLetter } from './erase-dead-letters.ts'
import { limits } from './limits.ts'
import type { Names } from './names.ts'
import { storedMessages } from './stored-messages.ts'
import { type Survey, surveyOf } from './survey.ts'

/** Removed in one pass; the next pass does the rest. */
const most = 1000
/** Delivered at a time. */
const atOnce = 100

/** The position up to which all counts as acknowledged by every sink; undefined if none of it is left. */
export function leftOver({ messages, firstSequence, sinks }: Survey): number | undefined {
  if (messages === 0 || sinks.length === 0) return undefined
  const floor = Math.min(...sinks.map((sink) => sink.floor))
  return firstSequence <= floor ? floor : undefined
}

/** Delivers messages up to that position once more, and removes those that are done with. */
export async function sweep(
  { manager }: Pick<StreamSession, 'manager'>,
  { stream }: Names,
  upTo: number,
  deliver: (messages: readonly StoredMsg[]) => Promise<readonly boolean[]>,
): Promise<void> {
  for (let removed = 0; removed < most; removed += atOnce) {
    const messages = await firstIn(manager, stream, upTo)
    if (messages.length === 0) return
    const done = await deliver(messages)
    for (const [index, { seq }] of messages.entries()) {
      if (done[index] === true) await manager.streams.deleteMessage(stream, seq, false)
    }
    if (done.includes(false)) return
  }
}

async function firstIn(
  manager: JetStreamManager,
  stream: string,
  upTo: number,
): Promise<readonly StoredMsg[]> {
  const messages: StoredMsg[] = []
  for await (const message of storedMessages(manager, stream, upTo)) {
    messages.push(message)
    if (messages.length === atOnce) break
  }
  return messages
}

const hourMs = 60 * 60_000

/**
 * Overwrites dead letters shortly before they expire. The server would only forget them, and leave their
 * bytes in a file as long as another dead letter is in it.
 */
export async function overwriteExpiring(
  manager: JetStreamManager,
  names: Names,
  now: number,
): Promise<void> {
  for (let removed = 0; removed < most; removed += 1) {
    const { config, state } = await manager.streams.info(names.deadStream)
    const expiresAt = Date.parse(state.first_ts) + config.max_age / 1e6
    if (state.messages === 0 || now < expiresAt - hourMs) return
    await eraseDeadLetter(manager, names, state.first_seq)
  }
}

/** A sink of this process. */
interface Swept extends Pick<Delivery, 'again'> {
  readonly name: string
}

/**
 * After a server is killed, nats-server 2.9 may keep events that it hands out to nobody any more. It counts
 * them as acknowledged, and most were; others it had handed out to a process that never answered, and has
 * forgotten that. So each sink gets them once more. Only what was left at the previous pass too is touched,
 * in case the servers are still agreeing on their state.
 */
export function openSweep(broker: Broker, names: Names, sinks: readonly Swept[]): () => void {
  let before: number | undefined
  const pass = async (): Promise<void> => {
    const session = broker.session()
    if (session === undefined) return
    // If this fails, the next pass tries again.
    try {
      const survey = await surveyOf(session, names, Date.now())
      const now = leftOver(survey)
      // What another process delivers to other sinks isn't ours to remove.
      const isOurs = survey.sinks.every(({ sink }) => sinks.some(({ name }) => name === sink))
      if (now !== undefined && before !== undefined && isOurs) {
        await sweep(session, names, Math.min(now, before), async (messages) => {
          const done = await Promise.all(sinks.map(({ again }) => again(session, messages)))
          return messages.map((_, index) => done.every((ofSink) => ofSink[index] === true))
        })
      }
      before = now
    } catch {
      before = undefined
    }
    await overwriteExpiring(session.manager, names, Date.now()).catch(() => undefined)
  }
  let passing: Promise<void> | undefined
  const begin = (): void => {
    passing ??= pass().finally(() => {
      passing = undefined
    })
  }
  const timer = setInterval(begin, limits.sweepMs).unref()
  return () => clearInterval(timer)
}
