import type { Broker, StreamSession } from './broker.ts'
import { limits } from './limits.ts'
import type { Names } from './names.ts'
import { BufferFault } from './trouble.ts'

/** The sinks that have a consumer, whether or not a process delivers to them now. */
export async function sinksOf(
  { connection }: Pick<StreamSession, 'connection'>,
  { stream }: Names,
): Promise<readonly string[]> {
  const answer = await connection.request(`$JS.API.CONSUMER.NAMES.${stream}`, '{"offset":0}', {
    timeout: limits.ackMs,
  })
  const { error, consumers } = answer.json<{
    error?: { err_code?: number }
    consumers?: readonly string[] | null
  }>()
  if (error !== undefined) throw new BufferFault('the stream is away')
  return consumers ?? []
}

/** The stream keeps nothing that no consumer waits for: see stream.ts. */
export async function requireSink(session: StreamSession, names: Names): Promise<void> {
  if ((await sinksOf(session, names)).length === 0) {
    throw new BufferFault('no sink has a place in the stream; start a process with ROLE=deliver')
  }
}

/** Stops publishing once the last consumer is gone. */
export function watchSinks(broker: Broker, names: Names): () => void {
  const watched = new WeakSet<StreamSession>()
  const look = async (): Promise<void> => {
    const session = broker.session()
    if (session === undefined) return
    if (!watched.has(session)) {
      watched.add(session)
      const subject = `$JS.EVENT.ADVISORY.CONSUMER.DELETED.${names.stream}.*`
      session.connection.subscribe(subject, { callback: () => broker.recheck() })
    }
    const sinks = await sinksOf(session, names).catch(() => undefined)
    if (sinks?.length === 0) broker.recheck()
  }
  const timer = setInterval(() => void look(), limits.interestMs).unref()
  return () => clearInterval(timer)
}
