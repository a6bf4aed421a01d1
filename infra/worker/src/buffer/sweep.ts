import { limits } from '../limits.ts'
import type { Broker, Session } from './broker.ts'
import type { Names } from './names.ts'
import { type Survey, surveyOf } from './survey.ts'

/** In one go; what is left then is left to the next. */
const most = 1000

/** Up to where every sink has confirmed everything; undefined where nothing of that is still there. */
export function leftOver({ messages, firstSequence, sinks }: Survey): number | undefined {
  if (messages === 0 || sinks.length === 0) return undefined
  const floor = Math.min(...sinks.map((sink) => sink.floor))
  return firstSequence <= floor ? floor : undefined
}

/** Removes the first messages, one by one, up to there. */
export async function sweep(
  { manager }: Pick<Session, 'manager'>,
  { stream }: Names,
  upTo: number,
): Promise<void> {
  for (let removed = 0; removed < most; removed += 1) {
    const { state } = await manager.streams.info(stream)
    if (state.messages === 0 || state.first_seq > upTo) return
    await manager.streams.deleteMessage(stream, state.first_seq, false)
  }
}

/**
 * After a server was killed, nats-server 2.9 may keep a few events that every sink has confirmed. They
 * hurt nobody, but they look like events that wait. Only what was confirmed when we looked last is
 * removed, so that a state which is still being brought together misleads nobody.
 */
export function openSweep(broker: Broker, names: Names): () => void {
  let before: number | undefined
  const look = async (): Promise<void> => {
    const session = broker.session()
    if (session === undefined) return
    // What cannot be found out or removed now is looked at again.
    try {
      const now = leftOver(await surveyOf(session, names, Date.now()))
      if (now !== undefined && before !== undefined) {
        await sweep(session, names, Math.min(now, before))
      }
      before = now
    } catch {
      before = undefined
    }
  }
  const timer = setInterval(() => void look(), limits.buffer.sweepMs).unref()
  return () => clearInterval(timer)
}
