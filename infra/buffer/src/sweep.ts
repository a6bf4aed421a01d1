import type { JetStreamManager } from '@nats-io/jetstream'

import type { Broker, StreamSession } from './broker.ts'
import { eraseDeadLetter } from './erase-dead-letters.ts'
import { limits } from './limits.ts'
import type { Names } from './names.ts'
import { type Survey, surveyOf } from './survey.ts'

/** Removed in one pass; the next pass does the rest. */
const most = 1000

/** The position up to which every sink has acknowledged everything; undefined if none of it is left. */
export function leftOver({ messages, firstSequence, sinks }: Survey): number | undefined {
  if (messages === 0 || sinks.length === 0) return undefined
  const floor = Math.min(...sinks.map((sink) => sink.floor))
  return firstSequence <= floor ? floor : undefined
}

/** Removes messages one by one, up to that position. */
export async function sweep(
  { manager }: Pick<StreamSession, 'manager'>,
  { stream }: Names,
  upTo: number,
): Promise<void> {
  for (let removed = 0; removed < most; removed += 1) {
    const { state } = await manager.streams.info(stream)
    if (state.messages === 0 || state.first_seq > upTo) return
    await manager.streams.deleteMessage(stream, state.first_seq, false)
  }
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

/**
 * After a server is killed, nats-server 2.9 may keep a few events that every sink has acknowledged.
 * They are harmless but look like a backlog. Only events acknowledged at the previous pass too are
 * removed, in case the servers are still agreeing on their state.
 */
export function openSweep(broker: Broker, names: Names): () => void {
  let before: number | undefined
  const pass = async (): Promise<void> => {
    const session = broker.session()
    if (session === undefined) return
    // If this fails, the next pass tries again.
    try {
      const now = leftOver(await surveyOf(session, names, Date.now()))
      if (now !== undefined && before !== undefined) {
        await sweep(session, names, Math.min(now, before))
      }
      before = now
    } catch {
      before = undefined
    }
    await overwriteExpiring(session.manager, names, Date.now()).catch(() => undefined)
  }
  const timer = setInterval(() => void pass(), limits.sweepMs).unref()
  return () => clearInterval(timer)
}
