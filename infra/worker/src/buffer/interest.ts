import { limits } from '../limits.ts'
import type { Broker, Session } from './broker.ts'
import { BufferFault } from './fault.ts'
import type { Names } from './names.ts'

/** The sinks that have a place in the stream, whether somebody delivers to them now or not. */
export async function sinksOf(
  { connection }: Pick<Session, 'connection'>,
  { stream }: Names,
): Promise<readonly string[]> {
  const answer = await connection.request(`$JS.API.CONSUMER.NAMES.${stream}`, '{"offset":0}', {
    timeout: limits.buffer.ackMs,
  })
  const { error, consumers } = answer.json<{
    error?: { err_code?: number }
    consumers?: readonly string[] | null
  }>()
  if (error !== undefined) throw new BufferFault('the stream is away')
  return consumers ?? []
}

/** The stream keeps nothing that no sink waits for: see stream.ts. */
export async function requireSink(session: Session, names: Names): Promise<void> {
  if ((await sinksOf(session, names)).length === 0) {
    throw new BufferFault('no sink has a place in the stream; start a process with ROLE=deliver')
  }
}

/** Sees to it that nothing is published any more once the last sink is gone. */
export function watchSinks(broker: Broker, names: Names): () => void {
  const watched = new WeakSet<Session>()
  const look = async (): Promise<void> => {
    const session = broker.session()
    if (session === undefined) return
    if (!watched.has(session)) {
      watched.add(session)
      const subject = `$JS.EVENT.ADVISORY.CONSUMER.DELETED.${names.stream}.*`
      session.connection.subscribe(subject, { callback: () => broker.doubt() })
    }
    const sinks = await sinksOf(session, names).catch(() => undefined)
    if (sinks?.length === 0) broker.doubt()
  }
  const timer = setInterval(() => void look(), limits.buffer.lookMs).unref()
  return () => clearInterval(timer)
}
